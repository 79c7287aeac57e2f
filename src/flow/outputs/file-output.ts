import type { FlowContext } from "../source.js";
import { RowFile, type RowFileForm, type RowFileOptions } from "./row-file.js";

/** What a file of rows is, apart from its flow. The header is asked for once the first row is there. */
export interface FileOutputForm extends Pick<RowFileForm, "path" | "shape"> {
  header(): string;
}

/** Rows into a file that is open from the first row to `close()`, and again from the next one. */
export function fileOutput(
  { path, shape, header }: FileOutputForm,
  options: RowFileOptions,
): {
  add(row: string, context: Pick<FlowContext, "clock" | "log">): Promise<void> | undefined;
  close(): Promise<void>;
} {
  let file: RowFile | undefined;
  return {
    add(row, { clock, log }) {
      file ??= new RowFile({ path, shape, header: header(), clock, log }, options);
      return file.add(row);
    },
    async close() {
      const closing = file;
      file = undefined;
      await closing?.close();
    },
  };
}

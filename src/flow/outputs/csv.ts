import { csvRow } from "../../core/csv.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { type Output, outputOf } from "../output.js";
import { fileOutput } from "./file-output.js";
import type { RowFileOptions } from "./row-file.js";

export interface CsvOptions extends RowFileOptions {
  /** Which of an item's properties, in which order; by default those of the first one. They are the header. */
  readonly columns?: readonly string[];
  /** A comma by default. */
  readonly delimiter?: string;
  /** Whether texts that a spreadsheet would take for formulas get a `'` in front. */
  readonly escapeFormulas?: boolean;
}

/**
 * Adds each item to a file, as a row of comma-separated values by RFC 4180. The header is written once into each file;
 * one that has another header is left as it is. What a crash has left of a row is put aside into `⟨path⟩.torn`.
 */
export function csv(
  path: string,
  { columns, delimiter = ",", escapeFormulas = false, ...options }: CsvOptions = {},
): Output<object> {
  let names = columns;
  const rowOf = (cells: readonly unknown[]) => {
    try {
      return csvRow(cells, { delimiter, escapeFormulas });
    } catch (cause) {
      throw new CircuitError("MESSAGE_INVALID", `Cannot write an item to ${path}: ${messageOf(cause)}`, {
        cause,
      });
    }
  };
  const file = fileOutput({ path, shape: "quoted", header: () => rowOf(names ?? []) }, options);
  const take: Parameters<typeof outputOf<object>>[1] = (item, context) => {
    names ??= Object.keys(item);
    // Any object may be asked for any property.
    const cells = item as Readonly<Record<string, unknown>>;
    return file.add(rowOf(names.map((name) => cells[name])), context);
  };
  return outputOf<object>("csv", take, file.close);
}

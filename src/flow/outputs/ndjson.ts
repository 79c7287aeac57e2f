import { CircuitError, messageOf } from "../../core/error.js";
import { type Output, outputOf } from "../output.js";
import { fileOutput } from "./file-output.js";
import type { RowFileOptions } from "./row-file.js";

/**
 * Adds each item to a file, as a line of JSON. What is there already stays; what a crash has left of a line is put aside
 * into `⟨path⟩.torn`.
 */
export function ndjson(path: string, options: RowFileOptions = {}): Output<unknown> {
  const { add, close } = fileOutput({ path, header: () => "", shape: "plain" }, options);
  return outputOf<unknown>("ndjson", (item, context) => add(lineOf(path, item), context), close);
}

function lineOf(path: string, item: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(item);
  } catch (cause) {
    throw unwritable(path, messageOf(cause), cause);
  }
  if (text === undefined) throw unwritable(path, `JSON has no ${typeof item}`);
  return `${text}\n`;
}

function unwritable(path: string, problem: string, cause?: unknown): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot write an item to ${path}: ${problem}`, { cause });
}

import { printable } from "../../core/printable.js";
import { type Output, outputOf } from "../output.js";

export interface ConsoleTableOptions {
  /** Which of an item's properties, in which order; by default those of the first one. */
  readonly columns?: readonly string[];
  /** Takes a line. stdout by default. */
  readonly write?: (line: string) => void;
  /** Rows from one heading to the next; 20 by default, a screen. */
  readonly headingEvery?: number;
}

/** What a cell shows at most: a table is looked at, not read. */
const MOST_CELL_CHARACTERS = 60;

/** Prints each item as a row of a table, at once; a column grows with what comes. */
export function consoleTable({
  columns,
  write = (line) => process.stdout.write(`${line}\n`),
  headingEvery = 20,
}: ConsoleTableOptions = {}): Output<unknown> {
  let names = columns;
  let widths: number[] = [];
  let rows = 0;
  const line = (cells: readonly string[]) => {
    widths = cells.map((cell, column) => Math.max(widths[column] ?? 0, cell.length));
    write(
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  };
  return outputOf<unknown>("consoleTable", (item) => {
    const shown: Readonly<Record<string, unknown>> = isRecord(item) ? item : { value: item };
    names ??= Object.keys(shown);
    const cells = names.map((name) => cellOf(shown[name]));
    if (rows++ % headingEvery === 0) {
      // The first row's cells, too, are to stand below their headings.
      widths = names.map((name, column) =>
        Math.max(name.length, widths[column] ?? 0, cells[column]?.length ?? 0),
      );
      line(names);
    }
    line(cells);
    return undefined;
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function cellOf(value: unknown): string {
  const text = value === undefined || value === null ? "" : wordsOf(value);
  if (text.length <= MOST_CELL_CHARACTERS) return printable(text);
  return `${printable(text, MOST_CELL_CHARACTERS - 1)}…`;
}

function wordsOf(value: NonNullable<unknown>): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  return typeof value === "object" ? (JSON.stringify(value) ?? "") : String(value);
}

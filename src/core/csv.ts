import { stringify } from "csv-stringify/sync";

export interface CsvRowOptions {
  /** A comma by default. */
  readonly delimiter?: string;
  /** Whether texts that a spreadsheet would take for formulas get a `'` in front. */
  readonly escapeFormulas?: boolean;
}

/** Dates and truth as people read them; the library's own are milliseconds, and 1 and nothing. */
const CAST = {
  boolean: (value: boolean) => String(value),
  date: (value: Date) => value.toISOString(),
};

/** A row of comma-separated values by RFC 4180, with its line's end. @throws What the library throws. */
export function csvRow(
  cells: readonly unknown[],
  { delimiter = ",", escapeFormulas = false }: CsvRowOptions = {},
): string {
  // A row of one empty cell would be an empty line, which readers leave out.
  const quoted_empty = cells.length === 1;
  return stringify([cells], { delimiter, escape_formulas: escapeFormulas, quoted_empty, cast: CAST });
}

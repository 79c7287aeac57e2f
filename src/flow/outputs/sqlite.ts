import { CircuitError, messageOf } from "../../core/error.js";
import { type Output, outputOf } from "../output.js";
import { openDatabase, type SqlDatabase, type SqlStatement } from "./sql-database.js";

export interface SqliteOptions {
  readonly table: string;
  /** An item's properties, and their types in SQL: `{ symbol: "TEXT", price: "REAL" }`. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that name an item: one that is there already is left as it is, or replaced. */
  readonly key?: readonly string[];
  readonly onRepeat?: "keep" | "replace";
  /** Whether each commit is on the disk before it counts; without it, a crash of the system may cost the last ones. */
  readonly isSynced?: boolean;
}

/**
 * Adds each item as a row to a table, which is made where it is missing; a list of items as one transaction, which is
 * quicker by far. Needs Node 22.13, or the package `better-sqlite3`.
 *
 * @throws {CircuitError} `USAGE` for columns that cannot be.
 */
export function sqlite(path: string, options: SqliteOptions, open = openDatabase): Output<object> {
  checkColumns(options);
  let opening: Promise<Table> | undefined;
  const take = async (given: object) => {
    opening ??= open(path).then((database) => new Table(path, database, options));
    let table: Table;
    try {
      table = await opening;
    } catch (thrown) {
      opening = undefined;
      throw thrown;
    }
    table.add(Array.isArray(given) ? given : [given]);
  };
  return outputOf<object>("sqlite", take, async () => {
    const closing = opening;
    opening = undefined;
    (await closing)?.close();
  });
}

class Table {
  readonly #path: string;
  readonly #database: SqlDatabase;
  readonly #columns: readonly string[];
  readonly #insert: SqlStatement;

  constructor(path: string, database: SqlDatabase, options: SqliteOptions) {
    this.#path = path;
    this.#database = database;
    this.#columns = Object.keys(options.columns);
    this.#insert = this.#try(() => {
      // Readers see whole items while we write, and a commit is one append.
      database.exec("PRAGMA journal_mode = WAL");
      database.exec(`PRAGMA synchronous = ${options.isSynced ? "FULL" : "NORMAL"}`);
      database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
      database.exec(creationOf(options));
      return database.prepare(insertionOf(options));
    });
  }

  /** Adds all of them, or none. */
  add(items: readonly object[]): void {
    this.#try(() => {
      if (items.length > 1) this.#database.exec("BEGIN IMMEDIATE");
      try {
        for (const item of items) {
          const values: Readonly<Record<string, unknown>> = { ...item };
          this.#insert.run(...this.#columns.map((column) => boundOf(values[column])));
        }
        if (items.length > 1) this.#database.exec("COMMIT");
      } catch (thrown) {
        if (items.length > 1) this.#database.exec("ROLLBACK");
        throw thrown;
      }
    });
  }

  close(): void {
    this.#try(() => this.#database.close());
  }

  #try<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (cause) {
      throw new CircuitError("FILE_FAILED", `Cannot write to ${this.#path}: ${messageOf(cause)}`, { cause });
    }
  }
}

/** How long another process may hold the database, in milliseconds: its commits take a few. */
const BUSY_MS = 5_000;

function creationOf({ table, columns, key = [] }: SqliteOptions): string {
  const named = Object.entries(columns).map(([name, type]) => `${quote(name)} ${type}`);
  const primary = key.length === 0 ? [] : [`PRIMARY KEY (${key.map(quote).join(", ")})`];
  return `CREATE TABLE IF NOT EXISTS ${quote(table)} (${[...named, ...primary].join(", ")})`;
}

function insertionOf({ table, columns, key = [], onRepeat = "keep" }: SqliteOptions): string {
  const names = Object.keys(columns);
  const insertion = `INSERT INTO ${quote(table)} (${names.map(quote).join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
  if (key.length === 0) return insertion;
  const others = names.filter((name) => !key.includes(name));
  const conflict = `${insertion} ON CONFLICT (${key.map(quote).join(", ")})`;
  if (onRepeat === "keep" || others.length === 0) return `${conflict} DO NOTHING`;
  return `${conflict} DO UPDATE SET ${others.map((name) => `${quote(name)} = excluded.${quote(name)}`).join(", ")}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What SQLite has a type for, as it is; all else as JSON. */
function boundOf(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array || typeof value !== "object") return value;
  return JSON.stringify(value);
}

/** A type in SQL: a word or two, perhaps with a size and a constraint. It is not quoted, so it is looked at. */
const SQL_TYPE = /^[A-Za-z][\w ]*(\(\d+(, ?\d+)?\))?[\w ]*$/;

function checkColumns({ table, columns, key = [] }: SqliteOptions): void {
  const names = Object.keys(columns);
  const bad = Object.entries(columns).find(([, type]) => !SQL_TYPE.test(type));
  const strange = key.find((name) => !names.includes(name));
  const problem =
    names.length === 0
      ? "it has no columns"
      : bad !== undefined
        ? `its column ${bad[0]} is of the type "${bad[1]}"`
        : strange !== undefined
          ? `its key names ${strange}, and its columns are ${names.join(", ")}`
          : undefined;
  if (problem === undefined) return;
  throw new CircuitError("USAGE", `Cannot write to the table ${table}: ${problem}`, {
    hint: 'Give columns such as { symbol: "TEXT", price: "REAL" }.',
  });
}

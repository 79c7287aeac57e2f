import { CircuitError, messageOf } from "../../core/error.js";

/** What `node:sqlite` and `better-sqlite3` have in common. */
export interface SqlDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqlStatement;
  close(): unknown;
}

export interface SqlStatement {
  run(...values: readonly unknown[]): unknown;
}

type Load = (name: string) => Promise<unknown>;
type DatabaseClass = new (path: string) => SqlDatabase;

/**
 * Opens a database with what there is: Node's own SQLite, or else `better-sqlite3`.
 *
 * @throws {CircuitError} `CONFIG_INVALID` where there is neither, `FILE_FAILED`.
 */
export async function openDatabase(path: string, load: Load = (name) => import(name)): Promise<SqlDatabase> {
  const Database =
    (await find(load, "node:sqlite", "DatabaseSync")) ?? (await find(load, "better-sqlite3", "default"));
  if (Database === undefined) {
    const problem = `Node ${process.versions.node} has no SQLite, and better-sqlite3 is not installed`;
    throw new CircuitError("CONFIG_INVALID", `Cannot open ${path}: ${problem}`, {
      hint: "Use Node 22.13 or later, or run npm install better-sqlite3.",
    });
  }
  try {
    return new Database(path);
  } catch (cause) {
    throw new CircuitError("FILE_FAILED", `Cannot open ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** The class of a package that may be missing; what else goes wrong with it is told. */
async function find(load: Load, name: string, exported: string): Promise<DatabaseClass | undefined> {
  try {
    const found = await load(name);
    // The cast: neither has types where the other one is used, and both have had this shape since they exist.
    return (found as Readonly<Record<string, DatabaseClass>>)[exported];
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ERR_UNKNOWN_BUILTIN_MODULE" || code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw new CircuitError("CONFIG_INVALID", `Cannot use ${name}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

import assert from "node:assert/strict";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { openDatabase } from "../../../src/flow/outputs/sql-database.js";
import { type SqliteOptions, sqlite } from "../../../src/flow/outputs/sqlite.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { bench } from "../source-context.js";

/** A database that only notes what it is told. */
function notingDatabase() {
  const told: string[] = [];
  let failing = -1;
  return {
    told,
    failAt: (row: number) => {
      failing = row;
    },
    open: async () => ({
      exec: (sql: string) => told.push(sql),
      prepare: (sql: string) => {
        told.push(sql);
        return {
          run: (...values: readonly unknown[]) => {
            if (failing-- === 0) throw new Error("constraint failed");
            told.push(JSON.stringify(values));
          },
        };
      },
      close: () => told.push("close"),
    }),
  };
}

const OPTIONS = { table: "prices", columns: { symbol: "TEXT", price: "REAL" } } as const;
const INSERT = 'INSERT INTO "prices" ("symbol", "price") VALUES (?, ?)';

for (const [what, options, sql] of [
  ["a table", {}, [`CREATE TABLE IF NOT EXISTS "prices" ("symbol" TEXT, "price" REAL)`, INSERT]],
  [
    "a table with a key",
    { key: ["symbol"] },
    [
      `CREATE TABLE IF NOT EXISTS "prices" ("symbol" TEXT, "price" REAL, PRIMARY KEY ("symbol"))`,
      `${INSERT} ON CONFLICT ("symbol") DO NOTHING`,
    ],
  ],
  [
    "a table that keeps the last",
    { key: ["symbol"], onRepeat: "replace" },
    [
      `CREATE TABLE IF NOT EXISTS "prices" ("symbol" TEXT, "price" REAL, PRIMARY KEY ("symbol"))`,
      `${INSERT} ON CONFLICT ("symbol") DO UPDATE SET "price" = excluded."price"`,
    ],
  ],
  [
    "strange names",
    { table: 'my "table"', columns: { "; DROP": "TEXT" } },
    [
      `CREATE TABLE IF NOT EXISTS "my ""table""" ("; DROP" TEXT)`,
      `INSERT INTO "my ""table""" ("; DROP") VALUES (?)`,
    ],
  ],
] as const) {
  test(`sqlite() makes ${what}, and inserts into it`, async () => {
    const { told, open } = notingDatabase();
    await sqlite("prices.db", { ...OPTIONS, ...options } as SqliteOptions, open)({}, bench().context);
    assert.deepEqual(
      told.filter((line) => /^(CREATE|INSERT)/.test(line)),
      sql,
    );
  });
}

test("sqlite() writes a list as one transaction, or none of it", async () => {
  const { told, failAt, open } = notingDatabase();
  const output = sqlite("prices.db", OPTIONS, open);
  const items = ["A", "B"].map((symbol) => ({ symbol, price: 1 }));
  await output(items, bench().context);
  assert.deepEqual(told.slice(-4), ["BEGIN IMMEDIATE", '["A",1]', '["B",1]', "COMMIT"]);
  failAt(1);
  await assert.rejects(Promise.resolve(output(items, bench().context)), {
    code: "FILE_FAILED",
    message: "Cannot write to prices.db: constraint failed",
  });
  assert.equal(told.at(-1), "ROLLBACK");
  await output.close();
  await output.close();
  assert.deepEqual(
    told.filter((line) => line === "close"),
    ["close"],
  );
});

for (const [what, options] of [
  ["no columns", { columns: {} }],
  ["a type that is none", { columns: { symbol: "TEXT); DROP TABLE x" } }],
  ["a key that is no column", { key: ["date"] }],
] as const) {
  test(`sqlite() refuses ${what}`, () => {
    assert.throws(() => sqlite("prices.db", { ...OPTIONS, ...options } as SqliteOptions), { code: "USAGE" });
  });
}

test("openDatabase() says what to install where there is no SQLite", async () => {
  const absent = async (name: string) => {
    const code = name.startsWith("node:") ? "ERR_UNKNOWN_BUILTIN_MODULE" : "ERR_MODULE_NOT_FOUND";
    throw Object.assign(new Error(`No ${name}`), { code });
  };
  await assert.rejects(openDatabase("prices.db", absent), {
    code: "CONFIG_INVALID",
    message: `Cannot open prices.db: Node ${process.versions.node} has no SQLite, and better-sqlite3 is not installed`,
    hint: "Use Node 22.13 or later, or run npm install better-sqlite3.",
  });
});

test("openDatabase() takes better-sqlite3 where Node has none", async () => {
  const opened: string[] = [];
  class Database {
    constructor(path: string) {
      opened.push(path);
    }
  }
  await openDatabase("prices.db", async (name) => {
    if (name === "better-sqlite3") return { default: Database };
    throw Object.assign(new Error(`No ${name}`), { code: "ERR_UNKNOWN_BUILTIN_MODULE" });
  });
  assert.deepEqual(opened, ["prices.db"]);
});

test("sqlite() keeps rows over several lives, each once, where Node has SQLite", async () => {
  const path = join(temporaryFolder(), "prices.db");
  const { context } = bench();
  const write = async (price: number) => {
    const output = sqlite(path, { ...OPTIONS, key: ["symbol"], isSynced: true });
    const items = ["A", "B"].map((symbol) => ({ symbol, price, other: 1 }));
    await output([...items, { symbol: "C", price: new Date(0) }], context);
    await output({ symbol: "D", price: undefined }, context);
    await output.close();
  };
  // Node 20 has none; CI runs this on the newest Node too.
  if (!isBuiltin("node:sqlite")) return assert.rejects(write(1), { code: "CONFIG_INVALID" });
  await write(1);
  await write(2);
  const database = await openDatabase(path);
  const statement = database.prepare("SELECT symbol, price FROM prices ORDER BY symbol");
  const rows: unknown = "all" in statement && typeof statement.all === "function" ? statement.all() : [];
  assert.equal(
    JSON.stringify(rows),
    '[{"symbol":"A","price":1},{"symbol":"B","price":1},{"symbol":"C","price":"1970-01-01T00:00:00.000Z"},{"symbol":"D","price":null}]',
  );
  database.close();
  return undefined;
});

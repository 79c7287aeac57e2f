import assert from "node:assert/strict";
import { test } from "node:test";
import { consoleTable } from "../../../src/flow/outputs/console-table.js";
import { bench } from "../source-context.js";

function print(items: readonly unknown[], options = {}): string[] {
  const lines: string[] = [];
  const output = consoleTable({ ...options, write: (line) => void lines.push(line) });
  for (const item of items) output(item, bench().context);
  return lines;
}

test("consoleTable() prints a heading and a row each, and grows", () => {
  const rows = [{ symbol: "A", price: 1 }, { symbol: "ACME.LONDON", price: 12.5, more: 1 }, { symbol: "B" }];
  assert.deepEqual(print(rows), ["symbol  price", "A       1", "ACME.LONDON  12.5", "B"]);
});

test("consoleTable() prints the columns it is asked for, and its heading again", () => {
  const rows = [1, 2, 3].map((price) => ({ symbol: "A", price }));
  assert.deepEqual(print(rows, { columns: ["price"], headingEvery: 2 }), ["price", "1", "2", "price", "3"]);
});

for (const [item, shown] of [
  ["text", "text"],
  [{ value: new Date(0) }, "1970-01-01T00:00:00.000Z"],
  [{ value: { a: [1] } }, '{"a":[1]}'],
  [{ value: null }, ""],
  [[1, 2], "[1,2]"],
  ["\u001b[2Jwiped\n", "�[2Jwiped�"],
  ["x".repeat(100), `${"x".repeat(59)}…`],
] as const) {
  test(`consoleTable() shows ${JSON.stringify(item).slice(0, 30)} as a line`, () => {
    assert.deepEqual(print([item]), ["value", shown]);
  });
}

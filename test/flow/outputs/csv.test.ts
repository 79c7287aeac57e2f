import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { csv } from "../../../src/flow/outputs/csv.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { bench } from "../source-context.js";

test("csv() writes its header once, and adds to what is there after a restart", async () => {
  const path = join(temporaryFolder(), "prices.csv");
  for (const price of [1, 2]) {
    const output = csv(path);
    await output({ symbol: "ACME", price }, bench().context);
    await output({ price: price + 0.5, more: true, symbol: "EMCA" }, bench().context);
    await output.close();
  }
  assert.equal(readFileSync(path, "utf8"), "symbol,price\nACME,1\nEMCA,1.5\nACME,2\nEMCA,2.5\n");
});

for (const [what, item, row] of [
  ["what must be quoted", { a: 'say "hi"', b: "two\nlines" }, '"say ""hi""","two\nlines"'],
  ["a comma and a carriage return", { a: "1,2", b: "x\r" }, '"1,2","x\r"'],
  ["nothing", { a: null, b: undefined }, ","],
  ["truth and dates", { a: false, b: new Date(0) }, "false,1970-01-01T00:00:00.000Z"],
  ["an object", { a: { b: [1] }, b: 12n }, '"{""b"":[1]}",12'],
  ["a negative number and a formula", { a: -1, b: "=1+1" }, "-1,=1+1"],
] as const) {
  test(`csv() writes ${what}`, async () => {
    const path = join(temporaryFolder(), "items.csv");
    const output = csv(path, { columns: ["a", "b"] });
    await output(item, bench().context);
    await output.close();
    assert.equal(readFileSync(path, "utf8"), `a,b\n${row}\n`);
  });
}

test("csv() escapes formulas where it is asked to", async () => {
  const path = join(temporaryFolder(), "items.csv");
  const output = csv(path, { columns: ["a"], escapeFormulas: true });
  for (const a of ["=1+1", -1, ""]) await output({ a }, bench().context);
  await output.close();
  assert.equal(readFileSync(path, "utf8"), 'a\n\'=1+1\n-1\n""\n');
});

test("csv() leaves a file with other columns as it is", async () => {
  const path = join(temporaryFolder(), "items.csv");
  writeFileSync(path, "x,y\n1,2\n");
  const output = csv(path, { columns: ["a", "b"] });
  await assert.rejects(Promise.resolve(output({ a: 1 }, bench().context)), {
    code: "FILE_FAILED",
    message: `Cannot write to ${path}: its header begins with "x,y", not "a,b"`,
  });
});

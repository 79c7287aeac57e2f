import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ndjson } from "../../../src/flow/outputs/ndjson.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { bench } from "../source-context.js";

test("ndjson() adds a line for each item, over several lives", async () => {
  const path = join(temporaryFolder(), "items.ndjson");
  const { context } = bench();
  const items = [{ text: "two\nlines" }, [1], "ä", null, { at: new Date(0) }];
  for (let life = 0; life < 2; life++) {
    const output = ndjson(path);
    for (const item of items) await output(item, context);
    await output.close();
  }
  const lines = ['{"text":"two\\nlines"}', "[1]", '"ä"', "null", '{"at":"1970-01-01T00:00:00.000Z"}'];
  assert.equal(readFileSync(path, "utf8"), `${[...lines, ...lines].join("\n")}\n`);
});

for (const [item, problem] of [
  [undefined, "JSON has no undefined"],
  [1n, /BigInt/],
] as const) {
  test(`ndjson() refuses ${String(item)}`, () => {
    const output = ndjson(join(temporaryFolder(), "items.ndjson"));
    const message = typeof problem === "string" ? new RegExp(`${problem}$`) : problem;
    assert.throws(() => output(item, bench().context), { code: "MESSAGE_INVALID", message });
  });
}

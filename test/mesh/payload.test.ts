import assert from "node:assert/strict";
import { test } from "node:test";
import { isTooDeep, jsonOf } from "../../src/mesh/payload.js";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const PADDING = " ".repeat(4_096);

const TEXTS: readonly (readonly [string, string, boolean])[] = [
  ["a short text, however deep", nested(2_000), false],
  ["1 000 levels", PADDING + nested(1_000), false],
  ["1 001 levels", PADDING + nested(1_001), true],
  ["1 001 levels of objects", `${PADDING}${'{"a":'.repeat(1_001)}1${"}".repeat(1_001)}`, true],
  ["many arrays side by side", `${PADDING}[${"[],".repeat(5_000)}[]]`, false],
  ["brackets in a text", `${PADDING}["${"[".repeat(5_000)}"]`, false],
  ["brackets in a text with quotes", `${PADDING}["\\"${"[".repeat(5_000)}\\\\", 1]`, false],
  ["brackets after a text with quotes", `${PADDING}["\\\\",${nested(1_001)}]`, true],
  ["a text without an end", `${PADDING}"${"[".repeat(5_000)}`, false],
];
for (const [what, json, verdict] of TEXTS) {
  test(`isTooDeep() ${verdict ? "refuses" : "lets through"} ${what}`, () =>
    assert.equal(isTooDeep(json), verdict));
}

test("jsonOf() refuses what no peer would read", () => {
  let deep: unknown = "x".repeat(4_096);
  for (let level = 0; level < 1_001; level++) deep = [deep];
  assert.throws(() => jsonOf(deep), { code: "MESSAGE_INVALID" });
});

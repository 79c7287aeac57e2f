import assert from "node:assert/strict";
import { test } from "node:test";
import { addPattern, covers, overlaps, widen } from "../../src/mesh/nats/jetstream/patterns.js";
import { SUBJECT_MATCHES } from "../contract/subjects.js";

const COVERS: readonly (readonly [wide: string, narrow: string, isSo: boolean])[] = [
  // Whether wildcards leave out what is the mesh's own is no question of streams.
  ...SUBJECT_MATCHES.filter(([, subject]) => !/^(?:circuit|\$|_INBOX)/.test(subject)),
  [">", "a.>", true],
  ["a.>", "a.*", true],
  ["a.>", "a.*.>", true],
  ["a.*.>", "a.>", false],
  ["a.*", "a.>", false],
  ["*", "*", true],
  ["a.b", "a.*", false],
];

for (const [wide, narrow, isSo] of COVERS) {
  test(`covers() says ${isSo ? "so" : "no"} of ${wide} and ${narrow}`, () => {
    assert.equal(covers(wide, narrow), isSo);
    if (isSo) assert.deepEqual([overlaps(wide, narrow), overlaps(narrow, wide)], [true, true]);
  });
}

const OVERLAPS: readonly (readonly [one: string, other: string, widened: string | undefined])[] = [
  ["a.*.c", "a.b.*", "a.*.*"],
  ["a.b.>", "a.*.c", "a.*.>"],
  ["a.*.c.>", "a.b.>", "a.*.>"],
  ["a.b", "a.b.c", undefined],
  ["a.*", "a.b.>", undefined],
  ["a.b.*", "a.c.*", undefined],
];

for (const [one, other, widened] of OVERLAPS) {
  test(`widen() of ${one} and ${other} is ${widened ?? "not needed"}`, () => {
    assert.deepEqual([overlaps(one, other), overlaps(other, one)], Array(2).fill(widened !== undefined));
    if (widened === undefined) return;
    assert.deepEqual([widen(one, other), widen(other, one)], [widened, widened]);
  });
}

test("addPattern() keeps a list without overlaps", () => {
  const added = ["a.b.c", "x", "a.*.c", "a.b.*", "b.>", "b.c"].reduce(addPattern, [] as readonly string[]);
  assert.deepEqual(added, ["x", "a.*.*", "b.>"]);
});

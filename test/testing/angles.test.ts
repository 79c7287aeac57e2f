import assert from "node:assert/strict";
import { test } from "node:test";
import { anglesOf, cornersOf, offLine } from "../../src/testing/angles.js";
import type { TapeEdge } from "../../src/testing/tape.js";

/** Pulses of these lengths, in microseconds, 20 ms apart. */
function pulses(...lengthsUs: readonly number[]): readonly TapeEdge[] {
  return lengthsUs.flatMap((us, index): TapeEdge[] => [
    { pin: 9, level: 1, atMs: 20 * index },
    { pin: 9, level: 0, atMs: 20 * index + us / 1_000 },
  ]);
}

const ANGLES: readonly (readonly [string, readonly TapeEdge[], readonly number[]])[] = [
  ["600 to 2 400 µs as 0° to 180°", pulses(600, 1_500, 2_400), [0, 90, 180]],
  ["nothing of a pin that is left high", pulses(1_500, 15_000), [90]],
  ["nothing of a pulse whose beginning was not seen", pulses(600, 1_500).slice(1), [90]],
  ["nothing of no edges", [], []],
];
for (const [what, edges, degrees] of ANGLES)
  test(`anglesOf() reads ${what}`, () => {
    const read = anglesOf(edges).map((angle) => Math.round(angle.degrees));
    assert.deepEqual(read, degrees);
  });

test("anglesOf() reads the range that it is given", () => {
  const read = anglesOf(pulses(1_000, 2_000), [1_000, 2_000]).map((angle) => Math.round(angle.degrees));
  assert.deepEqual(read, [0, 180]);
});

const MOTIONS: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ["an even motion and back", [30, 60, 90, 120, 90, 60, 30], [30, 120, 30]],
  ["a jump", [30, 30, 30, 90, 90, 90], [30, 30, 90, 90]],
  ["trembling as a rest", [30, 31, 30, 29, 30], [30, 30]],
  ["one pulse", [45], [45]],
  ["none", [], []],
];
for (const [what, degrees, corners] of MOTIONS)
  test(`cornersOf() tells ${what}`, () => {
    const angles = degrees.map((each, index) => ({ atMs: 20 * index, degrees: each }));
    assert.deepEqual(
      cornersOf(angles).map((each) => each.degrees),
      corners,
    );
  });

test("offLine() is how far an angle is from the straight way", () => {
  const [from, to] = [
    { atMs: 0, degrees: 30 },
    { atMs: 100, degrees: 130 },
  ];
  assert.equal(offLine({ atMs: 50, degrees: 80 }, from, to), 0);
  assert.equal(offLine({ atMs: 50, degrees: 75 }, from, to), 5);
  assert.equal(offLine({ atMs: 0, degrees: 31 }, from, from), 1);
});

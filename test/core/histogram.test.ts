import assert from "node:assert/strict";
import { test } from "node:test";
import { BUCKET_ENDS_MS, Histogram } from "../../src/core/histogram.js";

test("Histogram counts a duration in the first bucket that does not end before it", () => {
  for (const [durationMs, bucket] of [
    [0, 0],
    [0.025, 0],
    [0.026, 1],
    [1, 5],
    [30_000, 18],
    [30_001, 19],
  ] as const) {
    const histogram = new Histogram();
    histogram.add(durationMs);
    assert.deepEqual(
      histogram.counts.map((count, index) => (count === 0 ? -1 : index)).filter((index) => index >= 0),
      [bucket],
      `${durationMs} ms`,
    );
  }
});

test("Histogram adds durations up", () => {
  const histogram = new Histogram();
  for (const durationMs of [1, 2, 3_000]) histogram.add(durationMs);
  assert.equal(histogram.sumMs, 3_003);
  assert.equal(histogram.counts.length, BUCKET_ENDS_MS.length + 1);
});

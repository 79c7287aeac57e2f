import assert from "node:assert/strict";
import { test } from "node:test";
import { Latencies } from "../../src/core/latencies.js";

test("Latencies gives percentiles by number, not by text", () => {
  const latencies = new Latencies();
  assert.equal(latencies.percentile(0.5), undefined);
  for (const ms of [100, 9, 20, 1, 3]) latencies.add(ms);
  const shares = [0, 0.2, 0.5, 0.8, 0.99, 1];
  assert.deepEqual(
    shares.map((share) => latencies.percentile(share)),
    [1, 1, 9, 20, 100, 100],
  );
});

test("Latencies keeps the latest 10 000, and counts all", () => {
  const latencies = new Latencies();
  for (let ms = 1; ms <= 15_000; ms++) latencies.add(ms);
  assert.deepEqual(
    [latencies.count, latencies.percentile(0), latencies.percentile(1)],
    [15_000, 5_001, 15_000],
  );
  const both = Latencies.of([latencies, latencies]);
  assert.equal(both.count, 20_000);
});

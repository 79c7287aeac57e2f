import assert from "node:assert/strict";
import { test } from "node:test";
import { clockOf } from "../../src/dashboard/signals/clock-of.js";
import { EdgeStore, PinEdges } from "../../src/dashboard/signals/edge-store.js";
import { describeAt, formatHz, formatMs, lanesOf } from "../../src/dashboard/signals/lanes.js";

function square(pin: number, halfMs: number, count: number): PinEdges {
  const edges = new PinEdges(pin);
  for (let n = 0; n < count; n++) edges.add((n + 1) * halfMs, n % 2 === 0 ? 1 : 0);
  return edges;
}

test("lanesOf() steps where an edge is", () => {
  const [seconds, heights] = lanesOf([square(13, 10, 3)], 0, 40, 4);
  assert.deepEqual([...seconds], [0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035]);
  // Low until 10 ms, high until 20 ms, low until 30 ms.
  assert.deepEqual(heights && [...heights], [0, 0, 0, 0.7, 0.7, 0, 0, 0.7]);
});

test("lanesOf() shows a column with several edges as both levels", () => {
  const [, heights] = lanesOf([square(8, 1, 1_000)], 100, 200, 2);
  assert.deepEqual(heights && [...heights], [0, 0.7, 0, 0.7]);
});

test("lanesOf() puts each pin in a lane of its own, the first on top", () => {
  const [, first, second] = lanesOf([square(8, 10, 1), square(13, 10, 1)], 20, 40, 1);
  assert.deepEqual([first?.[1], second?.[1]], [1.7, 0.7]);
});

test("lanesOf() of an hour and of two microseconds costs the same few points", () => {
  const pin = square(13, 0.001, 10_000);
  for (const spanMs of [3_600_000, 0.002]) assert.equal(lanesOf([pin], 5, 5 + spanMs, 500)[0].length, 1_000);
  const [, heights] = lanesOf([pin], 5, 5.002, 4);
  assert.ok(heights?.some((height) => height === 0) && heights.some((height) => height === 0.7));
});

test("describeAt() tells a level's length, the frequency and the share of high", () => {
  const pin = new PinEdges(9);
  for (const [atMs, level] of [
    [0, 1],
    [1, 0],
    [4, 1],
    [5, 0],
  ] as const)
    pin.add(atMs, level);
  assert.equal(describeAt(pin, 0.5), "high for 1 ms, 250 Hz, 25 % high");
  assert.equal(describeAt(pin, 2), "low for 3 ms, 250 Hz, 25 % high");
  assert.equal(describeAt(pin, 9), "low");
});

test("a pin keeps its latest edges when it has too many", () => {
  const pin = new PinEdges(8);
  const count = 4 * 2 ** 20 + 1;
  for (let n = 0; n < count; n++) pin.add(n, n % 2 === 0 ? 1 : 0);
  assert.equal(pin.count, 2 * 2 ** 20 + 1);
  assert.equal(pin.timeOf(pin.count - 1), count - 1);
  assert.equal(pin.levelAfter(pin.count - 1), 1);
});

test("an EdgeStore has the pins of each board by number", () => {
  const store = new EdgeStore();
  store.add(1, 1, 13, 1);
  store.add(1, 2, 8, 1);
  store.add(0, 3, 2, 1);
  assert.deepEqual(
    store.pinsOf(1).map(({ pin }) => pin),
    [8, 13],
  );
  assert.equal(store.pinsOf(2).length, 0);
});

for (const [ms, text] of [
  [0.0125, "12.5 µs"],
  [1.5, "1.5 ms"],
  [2_000, "2 s"],
  [90_000, "1.5 min"],
  [7_200_000, "2 h"],
] as const)
  test(`formatMs() writes ${text}`, () => assert.equal(formatMs(ms), text));

test("formatHz() writes hertz and kilohertz", () => {
  assert.deepEqual([formatHz(440.14), formatHz(15_625)], ["440.1 Hz", "15.63 kHz"]);
});

test("clockOf() writes hours only where there are some", () => {
  assert.deepEqual([clockOf(61_235), clockOf(3_600_000)], ["01:01.235", "1:00:00.000"]);
});

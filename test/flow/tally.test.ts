import assert from "node:assert/strict";
import { test } from "node:test";
import { PartTally, Tallies } from "../../src/flow/tally.js";

/** Handles so many items, so long after each other, and says which were timed. */
function handle(tally: PartTally, count: number, everyMs: number, fromMs = 0): number[] {
  const timed: number[] = [];
  for (let item = 0; item < count; item++) {
    const startMs = fromMs + item * everyMs;
    const isTimed = tally.handled >= tally.timedAt;
    tally.handled++;
    if (!isTimed) continue;
    timed.push(item);
    tally.timed(startMs, startMs + everyMs / 2);
  }
  return timed;
}

test("PartTally has each of calls timed that are rare", () => {
  const tally = new PartTally();
  assert.equal(handle(tally, 50, 100).length, 50);
  assert.equal(tally.counts.p99Ms, 50);
});

test("PartTally has one of 1 024 timed where they are quick, and more again when they become rare", () => {
  const tally = new PartTally();
  const quick = handle(tally, 100_000, 0.0001);
  assert.ok(quick.length <= 100_000 / 1_024 + 11, `${quick.length}`);
  const rare = handle(tally, 5_000, 50, 1_000);
  assert.ok(rare.length > 2_900, `${rare.length}`);
  assert.deepEqual(
    rare.slice(-100),
    Array.from({ length: 100 }, (_, index) => 4_900 + index),
  );
});

test("PartTally has some of calls timed each second that come a few at a time", () => {
  const tally = new PartTally();
  const timed = handle(tally, 10_000, 0.5);
  assert.ok(timed.length > 500 && timed.length <= 5_001, `${timed.length}`);
});

test("a source's item that comes too late is dropped, whether it waited in the source or not", () => {
  const pulled = new PartTally();
  pulled.countLate();
  const { in: came, dropped, handled } = pulled.counts;
  assert.deepEqual({ came, dropped, handled }, { came: 1, dropped: 1, handled: 0 });
  const kept = new PartTally();
  kept.in = 2;
  kept.handled = 2;
  kept.countLate();
  assert.deepEqual([kept.in, kept.dropped, kept.handled], [2, 1, 1]);
});

test("what does not get through a connection is counted where it was to go", () => {
  const tallies = new Tallies();
  tallies.countRefused(tallies.connection("a", "data", "b"));
  assert.deepEqual([tallies.parts.b?.in, tallies.parts.b?.dropped], [1, 1]);
  assert.deepEqual(tallies.connections, [{ from: "a", output: "data", to: "b", dropped: 1 }]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deadlines } from "../../src/core/deadlines.js";
import { ManualClock } from "../../src/core/manual-clock.js";

test("deadlines are late in the order in which they are due, each at its time", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 30 }), (dues) => {
      const clock = new ManualClock();
      const deadlines = new Deadlines(clock);
      const told: [due: number, atMs: number][] = [];
      for (const atMs of dues) deadlines.add({ atMs, late: () => told.push([atMs, clock.now()]) });
      clock.advance(50);
      assert.deepEqual(
        told,
        [...dues].sort((a, b) => a - b).map((due) => [due, due]),
      );
      assert.equal(clock.pending, 0);
    }),
  );
});

test("a deadline that was taken back is not late, and the last one takes the timer with it", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 30 }), (dues) => {
      const clock = new ManualClock();
      const deadlines = new Deadlines(clock);
      const late: number[] = [];
      const pending = dues.map(([atMs], index) => deadlines.add({ atMs, late: () => late.push(index) }));
      for (const [index, [, isBack]] of dues.entries()) {
        const one = pending[index];
        if (isBack && one) deadlines.remove(one);
      }
      if (dues.every(([, isBack]) => isBack)) assert.equal(clock.pending, 0);
      clock.advance(50);
      assert.deepEqual(
        late.sort((a, b) => a - b),
        dues.flatMap(([, isBack], index) => (isBack ? [] : [index])),
      );
      for (const again of pending) deadlines.remove(again);
    }),
  );
});

test("a deadline that is added while another is late has its turn", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const told: string[] = [];
  const late = () => {
    told.push("first");
    deadlines.add({ atMs: 20, late: () => told.push("second") });
  };
  deadlines.add({ atMs: 10, late });
  clock.advance(30);
  assert.deepEqual(told, ["first", "second"]);
});

test("many deadlines share one timer", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  for (let atMs = 1; atMs <= 1_000; atMs++) deadlines.add({ atMs, late: () => {} });
  assert.equal(clock.pending, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deadlines } from "../../src/core/deadlines.js";
import { ManualClock } from "../../src/core/manual-clock.js";

test("deadlines are late in the order in which they are due, each at its time", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 100 }), (dues) => {
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
    fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 100 }), (dues) => {
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

test("a deadline that has come to the heap by falling order is late in its turn, unless it is taken back", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 20, maxLength: 200 }), (areBack) => {
      const clock = new ManualClock();
      const deadlines = new Deadlines(clock);
      const late: number[] = [];
      const pending = areBack.map((_, index) => {
        const atMs = areBack.length - index;
        return deadlines.add({ atMs, late: () => late.push(atMs) });
      });
      clock.advance(5);
      for (const [index, isBack] of areBack.entries()) {
        const one = pending[index];
        if (isBack && one) deadlines.remove(one);
      }
      clock.advance(areBack.length);
      const kept = pending.filter(({ atMs }, index) => atMs <= 5 || !areBack[index]).map(({ atMs }) => atMs);
      assert.deepEqual(late, kept.reverse());
      assert.equal(clock.pending, 0);
    }),
  );
});

test("one that is late takes others back that are due at once, as after a machine's sleep", () => {
  let nowMs = 0;
  let ring = () => {};
  const clock = new ManualClock();
  clock.now = () => nowMs;
  clock.after = (_delayMs, callback) => {
    ring = callback;
    return () => {};
  };
  const deadlines = new Deadlines(clock);
  const told: number[] = [];
  const later = Array.from({ length: 20 }, (_, index) =>
    deadlines.add({ atMs: 100 - index, late: () => told.push(100 - index) }),
  );
  const late = () => {
    for (const each of later) if (each.atMs % 2 === 0) deadlines.remove(each);
  };
  deadlines.add({ atMs: 10, late });
  nowMs = 200;
  ring();
  const kept = later.map(({ atMs }) => atMs).filter((atMs) => atMs % 2 === 1);
  assert.deepEqual(told, kept.reverse());
});

test("many deadlines share one timer", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  for (let atMs = 1; atMs <= 1_000; atMs++) deadlines.add({ atMs, late: () => {} });
  assert.equal(clock.pending, 1);
});

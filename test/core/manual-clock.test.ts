import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";

test("ManualClock.advance() calls what comes due, each at its moment, and what these ask for", () => {
  const clock = new ManualClock();
  const calls: string[] = [];
  const note = (name: string) => calls.push(`${name} at ${clock.now()}`);
  clock.after(20, () => note("b"));
  clock.after(10, () => {
    note("a");
    clock.after(5, () => note("a+5"));
  });
  clock.after(20, () => note("b, later asked"));
  const cancel = clock.after(12, () => note("cancelled"));
  clock.after(31, () => note("not yet"));
  cancel();
  clock.advance(30);
  assert.deepEqual(calls, ["a at 10", "a+5 at 15", "b at 20", "b, later asked at 20"]);
  assert.equal(clock.now(), 30);
  assert.equal(clock.pending, 1);
});

test("ManualClock.sleep() rejects with the reason of its signal and leaves no timer", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const slept = clock.sleep(10, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(slept, /^Error: enough$/);
  assert.equal(clock.pending, 0);
});

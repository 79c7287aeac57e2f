import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { Patience } from "../../src/flow/patience.js";
import { turns } from "../contract/waiting.js";

const never = () => new Promise<never>(() => {});

test("Patience: gives what the work comes to, and keeps no timer", async () => {
  const clock = new ManualClock();
  const patience = new Patience(clock);
  assert.equal(await patience.wait(Promise.resolve(7), 100, () => "late"), 7);
  await assert.rejects(
    patience.wait(Promise.reject(new Error("no")), 100, () => "late"),
    /no/,
  );
  assert.equal(clock.pending, 0);
});

test("Patience: rejects when the time is over, each on its own", async () => {
  const clock = new ManualClock();
  const patience = new Patience(clock);
  const late: string[] = [];
  for (const [name, limitMs] of [
    ["long", 200],
    ["short", 100],
  ] as const)
    patience.wait(never(), limitMs, () => name).catch((reason) => late.push(reason));
  clock.advance(100);
  await turns();
  assert.deepEqual(late, ["short"]);
  clock.advance(100);
  await turns();
  assert.deepEqual(late, ["short", "long"]);
});

test("Patience: end() rejects what waits and what comes, and takes its timers back", async () => {
  const clock = new ManualClock();
  const patience = new Patience(clock);
  const waiting = patience.wait(never(), 100, () => "late");
  patience.end("over");
  // What this fails with is heard by nobody, and must not end the process.
  const after = patience.wait(Promise.reject(new Error("unheard")), 100, () => "late");
  assert.deepEqual(await Promise.allSettled([waiting, after]), [
    { status: "rejected", reason: "over" },
    { status: "rejected", reason: "over" },
  ]);
  assert.equal(clock.pending, 0);
});

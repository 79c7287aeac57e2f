import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTimers } from "../../src/emulator/fake-timers.js";

let timers = new FakeTimers(0);
beforeEach(() => {
  timers = new FakeTimers(1_000);
  timers.install();
});
afterEach(() => timers.uninstall());

/** Moves from timer to timer up to a moment. */
function runTo(timeMs: number): void {
  while (timers.nextMs <= timeMs) {
    timers.moveTo(timers.nextMs);
    timers.runDue();
  }
  timers.moveTo(timeMs);
}

test("a loop that waits for time to pass comes to its end", () => {
  const start = process.hrtime();
  let waitedUs = 0;
  while (waitedUs < 50) {
    const [seconds, nanoseconds] = process.hrtime(start);
    waitedUs = seconds * 1_000_000 + nanoseconds / 1_000;
  }
  assert.ok(timers.nowMs >= 0.05 && timers.nowMs < 0.06, `${timers.nowMs} ms`);
});

test("timers run at their time, in the order in which they were asked for", () => {
  const log: string[] = [];
  setTimeout((text: string) => log.push(`${text} ${timers.nowMs}`), 5, "five");
  setTimeout(() => log.push(`three ${timers.nowMs}`), 3);
  setTimeout(() => log.push(`also five ${timers.nowMs}`), 5);
  runTo(10);
  assert.deepEqual(log, ["three 3", "five 5", "also five 5"]);
});

test("delays count from the exact moment, in whole milliseconds and at least one", () => {
  timers.moveTo(0.25);
  const at: number[] = [];
  for (const delay of [2.9, 0, -5, Number.NaN, 2 ** 31]) setTimeout(() => at.push(timers.nowMs), delay);
  runTo(10);
  assert.deepEqual(at, [1.25, 1.25, 1.25, 1.25, 2.25]);
});

test("intervals repeat without drift until they are cleared, by handle or number", () => {
  const at: number[] = [];
  const interval = setInterval(() => at.push(timers.nowMs), 3);
  runTo(10);
  clearInterval(Number(interval));
  runTo(20);
  assert.deepEqual(at, [3, 6, 9]);
});

test("a handle refreshes, and knows ref() and unref() as Node's does", () => {
  let ran = 0;
  const handle = setTimeout(() => ran++, 5)
    .unref()
    .ref();
  assert.equal(handle.hasRef(), true);
  timers.moveTo(4);
  handle.refresh();
  runTo(8);
  assert.equal(ran, 0);
  runTo(9);
  assert.equal(ran, 1);
});

test("a loop that polls with setImmediate sees time go on", () => {
  let turns = 0;
  const poll = () => {
    turns++;
    if (performance.now() < 1) setImmediate(poll);
  };
  setImmediate(poll);
  runTo(2);
  assert.equal(turns, 100);
});

test("Date, performance and hrtime tell the same time", () => {
  timers.moveTo(1_234.5);
  assert.equal(Date.now(), 2_234);
  assert.equal(new Date().toISOString(), "1970-01-01T00:00:02.234Z");
  assert.equal(new Date(5).getTime(), 5);
  assert.ok(new Date() instanceof Date);
  assert.equal(performance.now(), 1_234.5);
  assert.deepEqual(process.hrtime(), [1, 234_500_000]);
  assert.deepEqual(process.hrtime([0, 300_000_000]), [0, 934_500_000]);
  assert.equal(process.hrtime.bigint(), 1_234_500_000n);
});

test("clearing what is not a timer of ours does nothing, and two cannot be installed", () => {
  clearTimeout(undefined);
  clearTimeout("no such");
  assert.throws(() => new FakeTimers(0).install(), /another one is installed/);
});

test("uninstall() brings the real ones back", () => {
  const fake = setTimeout;
  timers.uninstall();
  assert.notEqual(setTimeout, fake);
  assert.ok(Date.now() > 1e12);
  assert.equal(Object.hasOwn(performance, "now"), false);
});

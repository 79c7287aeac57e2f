import assert from "node:assert/strict";
import { test } from "node:test";
import type { PinAbsence } from "../../../src/core/pin-readings.js";
import { edges, samples } from "../../../src/flow/sources/pin.js";
import { turns } from "../../contract/waiting.js";
import { bench, reader } from "../source-context.js";

/** A pin whose board reports what it is told to. */
function fakePin() {
  let report: ((value: number) => void) | undefined;
  let absence: PinAbsence | undefined;
  return {
    read(callback: (value: number) => void, hearing?: PinAbsence) {
      report = callback;
      absence = hearing;
      return () => {
        report = undefined;
      };
    },
    goAway: () => absence?.away(new Error("unplugged")),
    get isRead() {
      return report !== undefined;
    },
    report: (...values: number[]) => {
      for (const value of values) report?.(value);
    },
  };
}

for (const [edge, wanted] of [
  ["both", [1, 0, 1]],
  ["rising", [1, 1]],
  ["falling", [0]],
] as const) {
  test(`edges() of a pin, ${edge}, in order`, async () => {
    const pin = fakePin();
    const { context, stop } = bench();
    const levels = reader(edges(pin, { edge, debounceMs: 0 })(context));
    const first = levels.next();
    await turns();
    pin.report(0, 1, 1, 0, 1);
    const got = [await first, ...(await levels.take(wanted.length - 1))];
    assert.deepEqual(
      got.map(({ level }) => level),
      wanted,
    );
    const rest = levels.rest();
    stop();
    assert.deepEqual(await rest, []);
    assert.ok(!pin.isRead);
  });
}

test("edges() counts a level once it has lasted", async () => {
  const pin = fakePin();
  const { context, clock } = bench();
  const levels = reader(edges(pin)(context));
  const first = levels.next();
  await turns();
  pin.report(1, 0, 1);
  clock.advance(19);
  pin.report(0, 1);
  clock.advance(19);
  await turns();
  clock.advance(1);
  assert.deepEqual(await first, { level: 1, atMs: 39, missed: 0 });
  const second = levels.next();
  pin.report(0, 1, 0);
  clock.advance(20);
  assert.deepEqual(await second, { level: 0, atMs: 59, missed: 0 });
  await levels.leave();
  assert.equal(clock.pending, 0);
});

test("edges() counts those that nobody took in time", async () => {
  const pin = fakePin();
  const levels = reader(edges(pin, { debounceMs: 0 })(bench().context));
  const first = levels.next();
  await turns();
  for (let edge = 0; edge < 2_000; edge++) pin.report(1 - (edge % 2));
  await first;
  const taken = await levels.take(1_023);
  const next = levels.next();
  pin.report(taken.length % 2 === 0 ? 1 : 0, taken.length % 2 === 0 ? 0 : 1);
  const { missed } = await next;
  assert.ok(missed === 2_000 - 1_024, `it says that it has missed ${missed}`);
});

test("samples() has the latest reading, and how many it has replaced", async () => {
  const pin = fakePin();
  const readings = reader(samples(pin)(bench().context));
  const first = readings.next();
  await turns();
  pin.report(7);
  assert.deepEqual(await first, { value: 7, atMs: 0, missed: 0 });
  pin.report(8, 9, 10);
  assert.deepEqual(await readings.next(), { value: 10, atMs: 0, missed: 2 });
  const next = readings.next();
  await turns();
  pin.report(11);
  assert.deepEqual(await next, { value: 11, atMs: 0, missed: 0 });
  await readings.leave();
  assert.ok(!pin.isRead);
});

for (const whenLost of [undefined, "end", "pause"] as const) {
  test(`edges() and samples() of a pin whose board goes away ${whenLost === "pause" ? "pause" : "fail"}: ${whenLost}`, async () => {
    const [button, light] = [fakePin(), fakePin()];
    const { context, clock } = bench();
    const options = whenLost && { whenLost };
    const levels = reader(edges(button, options)(context));
    const readings = reader(samples(light, options)(context));
    const [level, reading] = [levels.next(), readings.next()];
    const outcomes = Promise.allSettled([level, reading]);
    await turns();
    button.report(1);
    clock.advance(19);
    for (const pin of [button, light]) pin.goAway();
    clock.advance(100);
    await turns();
    if (whenLost !== "pause") {
      for (const outcome of await outcomes)
        assert.match(outcome.status === "rejected" ? outcome.reason.message : "", /unplugged/);
      assert.ok(!button.isRead && !light.isRead);
      return;
    }
    button.report(1);
    light.report(5);
    clock.advance(20);
    assert.deepEqual(await level, { level: 1, atMs: 139, missed: 0 });
    assert.equal((await reading).value, 5);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../src/core/random.js";
import { history } from "../../../src/flow/sources/history.js";
import type { Tick } from "../../../src/flow/sources/ticks.js";
import { turns } from "../../contract/waiting.js";
import { cases } from "../../long.js";
import { bench, reader } from "../source-context.js";

const START_MS = Date.UTC(2026, 0, 31, 12, 0, 3);
const HOUR_MS = 3_600_000;

function places(ticks: readonly Tick[]): number[] {
  return ticks.map(({ atMs }) => (atMs - Date.UTC(2026, 0, 31)) / HOUR_MS);
}

test("history() has the past at once, and then each tick at its time", async () => {
  const { context, clock } = bench();
  const wall = () => START_MS + clock.now();
  const items = reader(history({ everyMs: HOUR_MS, from: new Date("2026-01-31T09:00:00Z"), wall })(context));
  const past = await items.take(4);
  assert.deepEqual(places(past), [9, 10, 11, 12]);
  assert.deepEqual(new Set(past.map(({ isLive }) => isLive)), new Set([false]));
  const next = items.next();
  await turns();
  clock.advance(HOUR_MS - 3_001);
  await turns();
  assert.equal(clock.pending, 1, "it came too early");
  clock.advance(1);
  assert.deepEqual(await next, { atMs: Date.UTC(2026, 0, 31, 13), missed: 0, isLive: true });
});

test("history() goes on with the tick whose number it is given", async () => {
  const { context, clock } = bench();
  const wall = () => START_MS + clock.now();
  const from = new Date("2026-01-31T08:30:00Z");
  const items = reader(history({ everyMs: HOUR_MS, from, wall })({ ...context, from: 2 }));
  assert.deepEqual(places(await items.take(2)), [11, 12]);
});

test("history() has neither a gap nor a repeat, however slowly it is taken", async () => {
  for (let seed = 0; seed < cases(20, 500); seed++) {
    const random = seededRandom(seed);
    const { context, clock, stop } = bench();
    const wall = () => START_MS + clock.now();
    const from = START_MS - random() * 20 * HOUR_MS;
    const offsetMs = Math.floor(random() * HOUR_MS);
    const taken: number[] = [];
    const reading = (async () => {
      for await (const { atMs } of history({ everyMs: HOUR_MS, offsetMs, from, wall })(context)) {
        assert.ok(atMs <= wall(), "it came before its time");
        taken.push(atMs);
        if (random() < 0.3) clock.advance(random() * 3 * HOUR_MS);
        if (taken.length === 50) stop();
      }
    })();
    while (taken.length < 50) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(random() * HOUR_MS);
    }
    await reading;
    const [first = 0] = taken;
    assert.ok(first >= from && first < from + HOUR_MS, `seed ${seed}`);
    assert.equal((first - offsetMs) % HOUR_MS, 0, `seed ${seed}`);
    assert.deepEqual(
      taken,
      taken.map((_, place) => first + place * HOUR_MS),
      `seed ${seed}`,
    );
  }
});

test("history() ends before its end, where the next one begins", async () => {
  const wall = () => START_MS;
  const hours = [8, 10, 12].map((hour) => Date.UTC(2026, 0, 31, hour));
  const [from = 0, middle = 0, to = 0] = hours;
  const read = (options: { from: number; to: number }) =>
    reader(history({ everyMs: HOUR_MS, wall, ...options })(bench().context)).rest();
  assert.deepEqual(places(await read({ from, to: middle })), [8, 9]);
  assert.deepEqual(places(await read({ from: middle, to })), [10, 11]);
});

test("history() asks at each start how far the last life came", async () => {
  let doneMs = Date.UTC(2026, 0, 31, 6);
  const source = history({ everyMs: HOUR_MS, from: async () => doneMs, wall: () => START_MS });
  const first = reader(source(bench().context));
  assert.deepEqual(places(await first.take(2)), [6, 7]);
  await first.leave();
  doneMs = Date.UTC(2026, 0, 31, 8);
  assert.deepEqual(places(await reader(source(bench().context)).take(2)), [8, 9]);
});

test("history() refuses what is no moment", () => {
  assert.throws(() => history({ everyMs: 1, from: new Date("yesterday") }), { code: "USAGE" });
  assert.throws(() => history({ everyMs: 1, from: 0, to: Number.NaN }), { code: "USAGE" });
});

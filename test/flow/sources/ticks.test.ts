import assert from "node:assert/strict";
import { test } from "node:test";
import { nextOnGrid, type Overrun, ticks } from "../../../src/flow/sources/ticks.js";
import { turns } from "../../contract/waiting.js";
import { bench, reader } from "../source-context.js";

const START_MS = Date.UTC(2026, 0, 31, 12, 0, 3);
const MINUTE_MS = 60_000;
const FULL_MS = Date.UTC(2026, 0, 31, 12, 1);

for (const [everyMs, offsetMs, afterMs, wanted] of [
  [10, 0, 0, 10],
  [10, 0, 9, 10],
  [10, 0, 10, 20],
  [10, 3, 2, 3],
  [10, 3, 3, 13],
  [10, -2, 7, 8],
  [10, 13, 0, 3],
  [10, 0, -5, 0],
] as const) {
  test(`nextOnGrid() is ${wanted} after ${afterMs}, every ${everyMs} from ${offsetMs} on`, () => {
    assert.equal(nextOnGrid({ everyMs, offsetMs }, afterMs), wanted);
  });
}

function scene(overrun?: Overrun) {
  const { context, clock, stop } = bench();
  const wall = () => START_MS + clock.now();
  const source = ticks({ everyMs: MINUTE_MS, offsetMs: 5_000, wall, ...(overrun && { overrun }) });
  return { items: reader(source(context)), clock, stop };
}

test("ticks() come at the full minute and the offset, whenever it was started", async () => {
  const { items, clock } = scene();
  for (const [waitMs, atMs] of [
    [2_000, FULL_MS - 55_000],
    [MINUTE_MS, FULL_MS + 5_000],
    [MINUTE_MS, FULL_MS + 65_000],
  ] as const) {
    const next = items.next();
    await turns();
    clock.advance(waitMs - 1);
    await turns();
    assert.equal(clock.pending, 1, "it came too early");
    clock.advance(1);
    assert.deepEqual(await next, { atMs, missed: 0, isLive: true });
  }
});

for (const [overrun, wanted] of [
  ["latest", [{ atMs: 2, missed: 2 }]],
  ["all", [0, 1, 2].map((minute) => ({ atMs: minute, missed: 0 }))],
  ["skip", [{ atMs: 3, missed: 3 }]],
] as const) {
  test(`ticks() with "${overrun}", where three came due unseen`, async () => {
    const { items, clock } = scene(overrun);
    const first = items.next();
    await turns();
    clock.advance(2_000);
    await first;
    clock.advance(3 * MINUTE_MS + 1);
    const got = [];
    for (const _ of wanted) {
      const next = items.next();
      await turns();
      if (overrun === "skip") clock.advance(MINUTE_MS);
      const { atMs, missed } = await next;
      got.push({ atMs: (atMs - FULL_MS - 5_000) / MINUTE_MS, missed });
    }
    assert.deepEqual(got, wanted);
  });
}

test("ticks() end quietly when the signal aborts, and leave no timer", async () => {
  const { items, clock, stop } = scene();
  const rest = items.rest();
  await turns();
  stop();
  assert.deepEqual(await rest, []);
  assert.equal(clock.pending, 0);
});

test("ticks() come soon after the host's date was set forward", async () => {
  const { context, clock } = bench();
  let aheadMs = 0;
  const hourly = ticks({ everyMs: 3_600_000, wall: () => START_MS + clock.now() + aheadMs });
  const next = reader(hourly(context)).next();
  await turns();
  aheadMs = 3_600_000;
  clock.advance(MINUTE_MS);
  assert.equal((await next).atMs, Date.UTC(2026, 0, 31, 13));
});

for (const grid of [
  { everyMs: 0 },
  { everyMs: -1 },
  { everyMs: Number.NaN },
  { everyMs: 1, offsetMs: Number.POSITIVE_INFINITY },
]) {
  test(`ticks() refuse ${Object.values(grid)}`, () => assert.throws(() => ticks(grid), { code: "USAGE" }));
}

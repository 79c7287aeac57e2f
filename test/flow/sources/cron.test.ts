import assert from "node:assert/strict";
import { test } from "node:test";
import { type CronOptions, cron } from "../../../src/flow/sources/cron.js";
import { turns } from "../../contract/waiting.js";
import { bench, reader } from "../source-context.js";

const HOUR_MS = 3_600_000;

/** The ticks that come within some hours, in UTC. */
async function ticksOf(expression: string, from: string, hours: number, options: CronOptions = {}) {
  const { context, clock, stop } = bench();
  const startMs = Date.parse(from);
  const source = cron(expression, { wall: () => startMs + clock.now(), overrun: "all", ...options });
  const reading = reader(source(context)).rest();
  for (let minute = 0; minute < hours * 60; minute++) {
    clock.advance(HOUR_MS / 60);
    await turns();
  }
  stop();
  return (await reading).map(({ atMs }) => new Date(atMs).toISOString().slice(0, 19));
}

for (const [expression, timeZone, from, hours, wanted] of [
  [
    "30 * * * *",
    "UTC",
    "2026-01-31T22:31:00Z",
    3,
    ["2026-01-31T23:30:00", "2026-02-01T00:30:00", "2026-02-01T01:30:00"],
  ],
  ["15 30 23 L * *", "UTC", "2026-01-31T22:00:00Z", 3, ["2026-01-31T23:30:15"]],
  [
    "0 9 * * MON-FRI",
    "Asia/Kolkata",
    "2026-01-30T00:00:00Z",
    80,
    ["2026-01-30T03:30:00", "2026-02-02T03:30:00"],
  ],
  // On 29 March the clock goes from 2 to 3, on 25 October from 3 back to 2.
  [
    "30 2 * * *",
    "Europe/Berlin",
    "2026-03-28T00:00:00Z",
    72,
    ["2026-03-28T01:30:00", "2026-03-29T01:00:00", "2026-03-30T00:30:00"],
  ],
  [
    "30 2 * * *",
    "Europe/Berlin",
    "2026-10-24T00:00:00Z",
    72,
    ["2026-10-24T00:30:00", "2026-10-25T00:30:00", "2026-10-26T01:30:00"],
  ],
  ["2026-01-31T12:00:00", "UTC", "2026-01-31T11:00:00Z", 3, ["2026-01-31T12:00:00"]],
] as const) {
  test(`cron() ticks by "${expression}" in ${timeZone} from ${from} on`, async () => {
    assert.deepEqual(await ticksOf(expression, from, hours, { timeZone }), wanted);
  });
}

test("cron() ends where nothing comes any more", async () => {
  const { context } = bench();
  const wall = () => Date.parse("2026-01-31T13:00:00Z");
  const source = cron("2026-01-31T12:00:00", { timeZone: "UTC", wall });
  assert.deepEqual(await reader(source(context)).rest(), []);
});

for (const [overrun, wanted] of [
  ["latest", { atMs: 4 * HOUR_MS, missed: 2 }],
  ["all", { atMs: 2 * HOUR_MS, missed: 0 }],
  ["skip", { atMs: 5 * HOUR_MS, missed: 3 }],
] as const) {
  test(`cron() with "${overrun}", where three came due unseen`, async () => {
    const { context, clock } = bench();
    const items = reader(cron("0 * * * *", { timeZone: "UTC", overrun, wall: () => clock.now() })(context));
    const first = items.next();
    await turns();
    clock.advance(HOUR_MS);
    await first;
    clock.advance(3 * HOUR_MS + 1);
    const next = items.next();
    await turns();
    if (overrun === "skip") clock.advance(HOUR_MS);
    assert.deepEqual(await next, { ...wanted, isLive: true });
  });
}

for (const [expression, timeZone] of [
  ["* * *", undefined],
  ["61 * * * *", undefined],
  ["* * * * *", "Europe/Atlantis"],
] as const) {
  test(`cron() refuses "${expression}"${timeZone ? ` in ${timeZone}` : ""}`, () => {
    assert.throws(() => cron(expression, timeZone === undefined ? {} : { timeZone }), {
      code: "USAGE",
      message: new RegExp(`^Cannot tick by "${expression.replaceAll("*", "\\*")}"`),
    });
  });
}

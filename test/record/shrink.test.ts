import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeToHost } from "../../src/firmata/to-host.js";
import type { Entry } from "../../src/record/entry.js";
import { shrink } from "../../src/record/shrink.js";

const OPENING: readonly Entry[] = [
  { kind: "board", atMs: 0, board: "lamp", what: "opened", address: "sim:uno", baud: 57_600 },
  {
    kind: "to-host",
    atMs: 5,
    board: "lamp",
    bytes: encodeToHost({ type: "analogMapping", channels: [0x7f] }),
  },
];

const sample = (atMs: number, value: number): Entry => ({
  ...{ kind: "to-host", atMs, board: "lamp" },
  bytes: encodeToHost({ type: "analog", channel: 0, value }),
});

/** A reading each 100 ms: 0, 1, 2 … */
const READINGS: readonly Entry[] = Array.from({ length: 200 }, (_, at) => sample(1_000 + at * 100, at));
const ALL = [...OPENING, ...READINGS];

const isSame = (one: Entry, value: number) =>
  one.kind === "to-host" && Buffer.compare(one.bytes, sampleBytes(value)) === 0;
const sampleBytes = (value: number) => encodeToHost({ type: "analog", channel: 0, value });

/** A test that fails where all these readings came, in order. */
function failing(...values: readonly number[]) {
  return async (entries: readonly Entry[]) => {
    const places = values.map((value) => entries.findIndex((entry) => isSame(entry, value)));
    return places.every((place, at) => place > (places[at - 1] ?? 0));
  };
}

const signal = new AbortController().signal;

const ROWS = [
  { what: "one reading", values: [120] },
  { what: "the first", values: [0] },
  { what: "the last", values: [199] },
  { what: "two far apart", values: [3, 180] },
  { what: "three neighbours", values: [50, 51, 52] },
];

for (const { what, values } of ROWS) {
  test(`shrink() leaves the opening and ${what}`, async () => {
    const shortest = await shrink(ALL, { fails: failing(...values), mostTries: 2_000, signal });
    assert.deepEqual(shortest.slice(0, 2), OPENING);
    const left = shortest.slice(2);
    assert.equal(left.length, values.length);
    for (const [at, value] of values.entries()) assert.ok(isSame(left[at] ?? assert.fail(), value));
    // What was left out has taken its time with it.
    const durationMs = (left.at(-1)?.atMs ?? 0) - 5;
    assert.ok(durationMs <= 1_000 + 100 * values.length, `${durationMs} ms`);
  });
}

test("shrink() leaves out a message within a stretch", async () => {
  const entries = [...OPENING, sample(1_000, 1), sample(1_001, 2), sample(1_002, 3)];
  const shortest = await shrink(entries, { fails: failing(1, 3), mostTries: 100, signal });
  assert.deepEqual(shortest, [...OPENING, sample(1_000, 1), sample(1_002, 3)]);
});

test("shrink() keeps the shortest so far when it is stopped, or has tried often enough", async () => {
  const stop = new AbortController();
  let tries = 0;
  const fails = async (entries: readonly Entry[]) => {
    if (++tries === 5) stop.abort();
    return failing(120)(entries);
  };
  const stopped = await shrink(ALL, { fails, mostTries: 2_000, signal: stop.signal });
  assert.equal(tries, 5);
  assert.ok(stopped.length > 3 && stopped.length < ALL.length);
  const told: number[] = [];
  const limited = await shrink(ALL, {
    ...{ fails: failing(120), mostTries: 3, signal },
    progress: (progress) => told.push(progress.tries),
  });
  assert.deepEqual(told, [1, 2, 3]);
  assert.equal(await failing(120)(limited), true);
});

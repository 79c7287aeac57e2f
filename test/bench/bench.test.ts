import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  describe as describeResult,
  formatTable,
  holds,
  measure,
  medianOf,
  type Result,
  type Row,
} from "./bench.js";
import { listBenches } from "./list.js";

/** Enough to see that a figure comes, and far too little to believe it. */
const SHARE = 0.02;

/** StandardFirmata blinks for two seconds before it is ready: measured in the long run only. */
const SLOW: ReadonlySet<string> = process.env.CIRCUIT_TEST_LONG ? new Set() : new Set(["tone"]);

const benches = await listBenches();

test("listBenches() finds every bench", () => {
  const names = benches.map(({ name }) => name);
  assert.deepEqual(names, [
    "fan-out",
    "flow-jetstream",
    "flow",
    "hostile",
    "idle",
    "mesh-framed",
    "mesh-nats",
    "mesh-plain",
    "record",
    "restore",
    "seed-job",
    "session",
    "start",
    "tone",
    "virtual-speed",
    "virtual-wire",
    "watch",
  ]);
});

for (const { name, rows } of benches) {
  describe(`the bench ${name}`, () => {
    const [row] = rows;
    test("has a claim of its own in each row", () => {
      const texts = rows.map(({ claim, peer }) => `${claim}, ${peer}`);
      assert.equal(new Set(texts).size, rows.length);
    });

    if (SLOW.has(name)) return;
    test("gives finite figures", { skip: row?.missing?.() ?? false }, async () => {
      assert.ok(row);
      const { ours, theirs, ratio } = await measure(row, { share: SHARE, rounds: 1 });
      for (const figure of [ours, theirs, ratio])
        assert.ok(figure > 0 && Number.isFinite(figure), `${figure}`);
    });
  });
}

function rowOf(figures: readonly number[], limit?: Row["limit"]): Row {
  const left = [...figures];
  const next = async () => left.shift() ?? Number.NaN;
  return { claim: "it", unit: "ms", peer: "that", ours: next, theirs: next, ...(limit && { limit }) };
}

test("measure() alternates, the peer first, and takes medians", async () => {
  const { ours, theirs, ratio } = await measure(rowOf([1, 2, 10, 50, 2, 6]), { rounds: 3 });
  assert.deepEqual([ours, theirs, ratio], [6, 2, 3]);
});

test("medianOf() takes the middle one", () => {
  assert.equal(medianOf([3, 1, 2]), 2);
  assert.equal(medianOf([]), Number.NaN);
});

const VERDICTS: readonly [limit: Row["limit"], verdict: boolean | undefined, asked: string][] = [
  [undefined, undefined, ""],
  [{ of: "ratio", atLeast: 2 }, true, "≥ 2 ×"],
  [{ of: "ratio", atLeast: 2.1 }, false, "≥ 2.1 ×"],
  [{ of: "ratio", atMost: 1.9 }, false, "≤ 1.9 ×"],
  [{ of: "difference", atMost: 4 }, true, "≤ 4 ms more"],
  [{ of: "difference", atMost: 3 }, false, "≤ 3 ms more"],
  [{ of: "ours", atMost: 8 }, true, "≤ 8 ms"],
  [{ of: "ours", atMost: 7.9 }, false, "≤ 7.9 ms"],
];
for (const [limit, verdict, asked] of VERDICTS) {
  const result: Result = { row: rowOf([], limit), ours: 8, theirs: 4, ratio: 2 };
  test(`holds() judges 8 against 4, asked ${asked || "nothing"}`, () => assert.equal(holds(result), verdict));
  test(`describe() names what is asked: ${asked || "nothing"}`, () =>
    assert.equal(describeResult(result).at(-2), asked));
}

test("formatTable() lines columns up", () => {
  assert.equal(
    formatTable([
      ["a", "b"],
      ["long", "c"],
    ]),
    "| a    | b   |\n| ---- | --- |\n| long | c   |",
  );
});

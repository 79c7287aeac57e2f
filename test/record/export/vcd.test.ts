import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../../../src/record/entry.js";
import { Vcd } from "../../../src/record/export/vcd.js";
import { exported } from "./exported.js";
import { readVcd } from "./vcd-file.js";

const edge = (board: string, pin: number, level: 0 | 1, atMs: number): Entry => ({
  ...{ kind: "edge", board, pin, level, atMs },
});

async function wires(entries: readonly Entry[], options?: Parameters<typeof exported>[2]) {
  const { bytes } = await exported(entries, (made) => new Vcd(made), options);
  const { timescale, wires } = readVcd(bytes.toString());
  assert.equal(timescale, "1 ns");
  return Object.fromEntries(wires.map(({ scope, name, values }) => [`${scope}.${name}`, values]));
}

test("a Vcd has a module for each board and a wire for each pin, with the parts on it, in nanoseconds", async () => {
  const entries = [
    edge("desk", 13, 1, 1.000001),
    edge("2nd bench", 13, 0, 2),
    edge("desk", 13, 0, 500.25),
    edge("desk", 8, 1, 500.25),
  ];
  const parts = new Map([[13, ["led1", "led-2"]]]);
  assert.deepEqual(await wires(entries, { wired: { parts, piezos: new Set() }, endMs: 600 }), {
    "desk.pin8": [
      [0, "0"],
      [500_250_000, "1"],
    ],
    "desk.pin13_led1_led_2": [
      [0, "0"],
      [1_000_001, "1"],
      [500_250_000, "0"],
    ],
    "_2nd_bench.pin13_led1_led_2": [
      [0, "x"],
      [2_000_000, "0"],
    ],
  });
});

test("a Vcd sorts edges that come late, as an emulated board's do, and ends when the recording does", async () => {
  const entries = [
    edge("desk", 2, 1, 5),
    edge("bench", 3, 1, 9),
    edge("desk", 2, 0, 6),
    edge("desk", 2, 1, 8.5),
    edge("bench", 3, 0, 12),
    edge("desk", 2, 0, 11),
  ];
  const { bytes } = await exported(entries, (made) => new Vcd(made), { endMs: 20 });
  const times = [...bytes.toString().matchAll(/^#(\d+)$/gm)].map(([, at]) => Number(at) / 1e6);
  assert.deepEqual(times, [0, 5, 6, 8.5, 9, 11, 12, 20]);
});

test("a Vcd of more pins than there are characters has a code for each", async () => {
  const boards = Array.from({ length: 10 }, (_, board) => `b${board}`);
  const entries = boards.flatMap((board) => Array.from({ length: 20 }, (_, pin) => edge(board, pin, 1, 1)));
  assert.equal(Object.keys(await wires(entries)).length, 200);
});

test("a Vcd of nothing is one without wires, and says so", async () => {
  const { bytes, made } = await exported([], (options) => new Vcd(options));
  assert.deepEqual(readVcd(bytes.toString()).wires, []);
  assert.equal(made.emptiness(), "no pin of a board");
});

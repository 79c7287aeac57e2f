import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteLink } from "../../src/board/link/link.js";
import { MockBoard } from "../../src/board/link/mock.js";
import { EdgeTimes } from "../../src/record/edge-times.js";
import type { Entry } from "../../src/record/entry.js";
import { RecordedLink } from "../../src/record/recorded-link.js";
import { boardContract } from "../contract/board.js";
import { startRecorder } from "./recorder.js";

boardContract("A recorded mock", async () => {
  const { recorder, close } = await startRecorder();
  const mock = new MockBoard();
  return {
    link: new RecordedLink(mock, "uno", recorder),
    levels: async (pin) => mock.edges.filter((edge) => edge.pin === pin).map(({ level }) => level),
    stop: async () => void (await close()),
  };
});

const { signal } = new AbortController();

test("RecordedLink records a board from its opening to its end, with bytes both ways and edges", async () => {
  const { recorder, clock, close } = await startRecorder();
  const mock = new MockBoard();
  const link = new RecordedLink(mock, "uno", recorder);
  const heard: Uint8Array[] = [];
  link.write(Uint8Array.of(1)); // it is not open
  clock.advance(1.5);
  await link.open({ data: (bytes) => heard.push(bytes), lost: () => {} }, { signal });
  mock.say(Uint8Array.of(7, 8));
  await Promise.resolve();
  clock.advance(1);
  link.write(Uint8Array.of(0xf5, 13, 1));
  mock.unplug();
  link.write(Uint8Array.of(2)); // it is lost
  await link.close();
  const entries = await close();
  const toHost = heard.map((bytes): Entry => ({ kind: "to-host", atMs: 1.5, board: "uno", bytes }));
  const board = { kind: "board", board: "uno", address: "mock", baud: 0 } as const;
  assert.ok(heard.length >= 3);
  assert.deepEqual(entries, [
    { ...board, atMs: 1.5, what: "opened" },
    ...toHost,
    { kind: "to-board", atMs: 2.5, board: "uno", bytes: Uint8Array.of(0xf5, 13, 1) },
    { kind: "edge", atMs: 2.5, board: "uno", pin: 13, level: 1 },
    { ...board, atMs: 2.5, what: "lost" },
  ]);
});

test("RecordedLink records speeds as the wire has them, and that it was closed, once", async () => {
  const { recorder, close } = await startRecorder();
  let bytesPerSecond = 5_760;
  const inner: ByteLink = {
    ...{
      address: "COM3",
      open: async () => {},
      write: () => {},
      drain: async () => {},
      close: async () => {},
    },
    get bytesPerSecond() {
      return bytesPerSecond;
    },
    setBaud: async (baud) => {
      if (baud < 0) throw new Error("no such speed");
      bytesPerSecond = baud / 10;
    },
  };
  const link = new RecordedLink(inner, "uno", recorder);
  await link.open({ data: () => {}, lost: () => {} }, { signal });
  await link.setBaud?.(1_000_000);
  await assert.rejects(async () => link.setBaud?.(-1));
  await link.close();
  await link.close();
  await link.setBaud?.(57_600);
  const entries = await close();
  assert.deepEqual(
    entries.map((entry) => entry.kind === "board" && [entry.what, entry.baud]),
    [
      ["opened", 57_600],
      ["baud", 1_000_000],
      ["closed", 1_000_000],
    ],
  );
  assert.equal(new RecordedLink(new MockBoard(), "uno", recorder).setBaud, undefined);
});

test("RecordedLink records nothing of a link that could not be opened", async () => {
  const { recorder, close } = await startRecorder();
  const inner = new MockBoard();
  inner.open = () => Promise.reject(new Error("busy"));
  const link = new RecordedLink(inner, "uno", recorder);
  await assert.rejects(link.open({ data: () => {}, lost: () => {} }, { signal }), { message: "busy" });
  await link.close();
  assert.deepEqual(await close(), []);
});

// Each step: an edge's time on the board in microseconds, how far the board has come, the recording's time, and where the edge is.
type Step = readonly [atUs: number, boardUs: number, nowMs: number, atMs: number];
const LAID: readonly (readonly [what: string, steps: readonly Step[]])[] = [
  ["the board's clock, told at once", [[1_000, 1_000, 101, 101]]],
  [
    "the board's clock, told late",
    [
      [1_000, 1_000, 130, 101],
      [2_000, 2_000, 250, 102],
    ],
  ],
  [
    "a board that stood still, later",
    [
      [1_000, 1_000, 101, 101],
      [2_000, 2_000, 5_102, 5_102],
      [3_000, 3_000, 5_110, 5_103],
    ],
  ],
  [
    "a host that stood still, not before the edge before it",
    [
      [1_000, 1_000, 501, 501],
      [2_000, 400_000, 502, 501],
      [401_000, 401_000, 503, 503],
    ],
  ],
];

for (const [what, steps] of LAID) {
  test(`EdgeTimes.of() keeps to ${what}`, () => {
    const times = new EdgeTimes(100, 0);
    for (const [atUs, boardUs, nowMs, atMs] of steps) assert.equal(times.of(atUs, nowMs, boardUs), atMs);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { MockBoard } from "../../src/board/link/mock.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { PIN_MODE } from "../../src/firmata/protocol.js";
import { encodeToBoard, type ToBoard } from "../../src/firmata/to-board.js";
import { decodeToHost, type ToHost } from "../../src/firmata/to-host.js";
import { boardContract } from "../contract/board.js";

for (const firmware of ["circuit", "standard"] as const) {
  boardContract(`A mock with the manners of ${firmware}`, async () => {
    const link = new MockBoard({ firmware });
    return {
      link,
      levels: async (pin) => link.edges.filter((edge) => edge.pin === pin).map(({ level }) => level),
      stop: async () => {},
    };
  });
}

/** A mock on a clock of the test's, and what it has said. */
async function opened(firmware: "circuit" | "standard" = "circuit") {
  const clock = new ManualClock();
  const board = new MockBoard({ firmware, clock });
  const said: ToHost[] = [];
  await board.open({ data: (bytes) => said.push(decodeToHost(bytes)), lost: () => {} });
  const tell = async (...messages: ToBoard[]) => {
    await Promise.resolve();
    said.length = 0;
    for (const message of messages) board.write(encodeToBoard(message));
    await Promise.resolve();
    return said;
  };
  return { clock, board, tell, said };
}

const high: ToBoard = { type: "digitalPin", pin: 13, level: 1 };
const arm = (silenceMs: number, pin = 13): ToBoard => ({
  type: "safe",
  silenceMs,
  pins: [
    { pin, state: 0 },
    { pin: 12, state: 1 },
    { pin: 11, state: "input" },
  ],
});

test("A mock answers a ping and a speed", async () => {
  const { tell } = await opened();
  assert.deepEqual(
    await tell({ type: "ping", number: 7 }, { type: "speed", code: 2 }, { type: "speed", code: 3 }),
    [
      { type: "pong", number: 7 },
      { type: "speed", code: 2 },
    ],
  );
});

test("A mock trips when nothing has come for so long, and says so", async () => {
  const { clock, board, tell, said } = await opened();
  const tone: ToBoard = { type: "tone", pin: 8, centihertz: 44_000, durationMs: 0 };
  assert.deepEqual(await tell(high, tone, arm(500)), [{ type: "armed", count: 3 }]);
  await clock.advance(499);
  assert.deepEqual(board.pin(13), { mode: PIN_MODE.output, value: 1 });
  await tell({ type: "ping", number: 0 });
  await clock.advance(499);
  assert.equal(board.pin(13).value, 1);
  await clock.advance(1);
  assert.deepEqual(board.pin(13), { mode: PIN_MODE.output, value: 0 });
  assert.deepEqual(board.pin(12), { mode: PIN_MODE.output, value: 1 });
  assert.deepEqual(board.pin(11), { mode: PIN_MODE.input, value: 0 });
  assert.equal(board.pin(8).value, 0);
  await Promise.resolve();
  assert.deepEqual(said.at(-1), { type: "tripped" });
  await tell(high);
  await clock.advance(1_000);
  assert.equal(board.pin(13).value, 1);
});

for (const [what, message] of [
  ["a time of 0", { type: "safe", silenceMs: 0, pins: [] }],
  ["a reset", { type: "reset" }],
] as const) {
  test(`A mock is disarmed by ${what}`, async () => {
    const { clock, board, tell } = await opened();
    await tell(arm(500), message, high);
    await clock.advance(1_000);
    assert.equal(board.pin(13).value, 1);
  });
}

test("A mock refuses a dead-man that cannot be, and keeps the one before", async () => {
  const { clock, board, tell } = await opened();
  assert.deepEqual(await tell(high, arm(100), arm(99), arm(1_000, 1)), [{ type: "armed", count: 3 }]);
  await clock.advance(100);
  assert.equal(board.pin(13).value, 0);
});

test("A mock with the manners of StandardFirmata has none of it", async () => {
  const { clock, board, tell } = await opened("standard");
  assert.deepEqual(await tell(high, arm(100), { type: "ping", number: 1 }, { type: "speed", code: 1 }), []);
  await clock.advance(1_000);
  assert.equal(board.pin(13).value, 1);
});

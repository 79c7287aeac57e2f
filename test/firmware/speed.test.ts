import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { skipWithoutSimavr, startBoard } from "./board.js";
import { BAUDS, EmulatedBoard, PING, SPEED } from "./emulated-board.js";

const FAST = [1, 2] as const;
const RESET = 0xff;

/** Whether the board answers a host that speaks at 57 600 baud. */
function answersAtFirst(board: EmulatedBoard): boolean {
  board.setHost(0);
  board.take();
  return board.ask([0xf9], 2).join() === "249,2,6";
}

const WAYS_BACK: readonly (readonly [string, (board: EmulatedBoard) => void])[] = [
  ["after 3 s of silence", (board) => board.passMs(3_002)],
  ["on the host's farewell", (board) => assert.deepEqual(board.ask(SPEED(0), 2), SPEED(0))],
  ["after a reset of the chip", (board) => resetChip(board)],
  [
    "on a byte without its stop bit",
    (board) => {
      board.setHost(0);
      board.ask([0x00], 1);
    },
  ],
  [
    "on the first byte of a host at 57 600 baud, whatever it is",
    (board) => {
      board.setHost(0);
      board.ask([0xf9], 1);
    },
  ],
];

function resetChip(board: EmulatedBoard): void {
  board.uno.reset();
  board.setHost(0);
  board.passMs(20);
}

test("a ping is answered alike, after all that came before it", () => {
  const board = new EmulatedBoard();
  assert.deepEqual(board.ask(PING(0)), PING(0));
  assert.deepEqual(board.ask(PING(127)), PING(127));
  const writes = [0x91, 0x20, 0, 0x91, 0, 0];
  assert.deepEqual(board.ask([0xf0, 1, 1, 1, 0xf7, ...writes, ...PING(5)]), [
    ...[0xf0, 1, 1, 1, 0xf7],
    ...[0xa1, 0x20, 2, 0xa1, 0, 4],
    ...PING(5),
  ]);
});

test("a ping comes after the echoes before it, also where they had no room", () => {
  const board = new EmulatedBoard();
  const capabilityQuery = [0xf0, 0x6b, 0xf7];
  const writes = Array.from({ length: 30 }, () => [0x91, 0x20, 0]).flat();
  const answer = board.ask(
    [0xf0, 1, 1, 1, 0xf7, ...capabilityQuery, ...capabilityQuery, ...writes, ...PING(5)],
    200,
  );
  assert.deepEqual(answer.slice(-8), [0xa1, 0x20, 30 << 1, ...PING(5)]);
});

for (const code of FAST) {
  const baud = BAUDS[code];
  test(`at ${baud} baud it is answered at the old speed and spoken at the new one`, () => {
    const board = new EmulatedBoard();
    assert.deepEqual(board.ask(SPEED(code), 3), SPEED(code));
    board.setHost(code);
    assert.deepEqual(board.ask(PING(0x55), 1), PING(0x55));
    board.passMs(2_900);
    assert.deepEqual(board.ask(PING(0x2a), 1), PING(0x2a));
  });

  test(`at ${baud} baud the answer follows all that was to be said before`, () => {
    const board = new EmulatedBoard();
    const capabilityQuery = [0xf0, 0x6b, 0xf7];
    const answer = board.ask(
      [...capabilityQuery, ...capabilityQuery, ...capabilityQuery, ...SPEED(code)],
      300,
    );
    assert.deepEqual(answer.slice(-5), SPEED(code));
    assert.equal(answer.filter((byte) => byte === 0x6c).length, 3);
  });

  for (const [way, goBack] of WAYS_BACK) {
    test(`at ${baud} baud it goes back ${way}`, () => {
      const board = new EmulatedBoard();
      board.agree(code);
      goBack(board);
      assert.ok(answersAtFirst(board));
    });
  }

  test(`at ${baud} baud it goes back when no ping has come within 250 ms, and not before`, () => {
    for (const [ms, isBack] of [
      [245, false],
      [256, true],
    ] as const) {
      const board = new EmulatedBoard();
      board.ask(SPEED(code), 5);
      board.setHost(code);
      board.ask([0xf9], ms - 5);
      assert.equal(answersAtFirst(board), isBack, `after ${ms} ms`);
    }
  });

  test(`at ${baud} baud it stays, whatever comes, while the line is good`, () => {
    const board = new EmulatedBoard();
    board.agree(code);
    board.ask([RESET, 0xf0, 0x33, 0xf7, 1, 2, 3, ...SPEED(3)], 20);
    assert.deepEqual(board.ask(PING(3), 1), PING(3));
    board.passMs(2_990);
    assert.deepEqual(board.ask(PING(4), 1), PING(4));
  });
}

test("from one fast speed it goes to the other", () => {
  const board = new EmulatedBoard();
  board.agree(1);
  assert.deepEqual(board.ask(SPEED(2), 1), SPEED(2));
  board.setHost(2);
  assert.deepEqual(board.ask(PING(9), 1), PING(9));
});

test("it may be asked for the speed that it has", () => {
  const board = new EmulatedBoard();
  assert.deepEqual(board.ask(SPEED(0)), SPEED(0));
  assert.deepEqual(board.ask([0xf9], 400), [0xf9, 2, 6]);
});

test("bytes of another speed do not count as lost ones", () => {
  const board = new EmulatedBoard();
  board.agree(2);
  board.setHost(0);
  assert.ok(!board.ask([0xf9]).includes(0x71), "complains");
  assert.deepEqual(board.ask([0xf9]), [0xf9, 2, 6]);
});

test("simavr changes its speed too", { skip: skipWithoutSimavr }, async (t) => {
  const { ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  for (const code of [2, 1, 0])
    assert.deepEqual(await ask(...SPEED(code), ...PING(7)), [...SPEED(code), ...PING(7)]);
});

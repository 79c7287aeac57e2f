import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Edge } from "../../src/emulator/pins.js";
import { cases } from "../long.js";
import { sentencesIn, three, two } from "./board.js";
import { BAUDS, EmulatedBoard, PING } from "./emulated-board.js";

/** Bytes that a host may have on the way without an answer: firmware/README.md. */
const WINDOW_BYTES = 192;

const ECHO_ON = [0xf0, 1, 1, 1, 0xf7];
const WRITE_BYTES = 3;
const LED = 13;
const BUZZER = 8;
const SERVO_PINS = [3, 4, 5, 6, 7, 9, 10, 11];

const tone = (hertz: number) => [0xf0, 2, BUZZER, ...three(hertz * 100), 0, 0, 0, 0xf7];
const SERVOS = SERVO_PINS.flatMap((pin) => [0xf4, pin, 4]);
/** Reads that nobody answers, and an analog input, every 5 ms. */
const INPUTS = [
  0xf0, 0x78, 0, 0, 0xf7, 0xf0, 0x76, 0x23, 0x10, 1, 0, 1, 0, 0xf7, 0xc0, 1, 0xf0, 0x7a, 5, 0, 0xf7,
];

/** Keeps the wire full of writes to the LED, as far as their echoes allow. Gives how many the board did a second. */
function saturate(board: EmulatedBoard, writes: number): number {
  let sent = 0;
  let echoed = 0;
  let message: number[] = [];
  const pump = () => {
    for (; sent < writes && (sent - echoed + 1) * WRITE_BYTES <= WINDOW_BYTES - WRITE_BYTES; sent++)
      board.send(0x91, sent % 2 ? 0 : 0x20, 0);
  };
  board.onByte = (byte) => {
    if (byte >= 0x80) message = [];
    message.push(byte);
    if (message[0] !== 0xa1 || message.length < 3) return;
    echoed += (((message[2] ?? 0) >> 1) - echoed) & 63;
    pump();
  };
  const startMs = board.nowMs;
  pump();
  while (echoed < writes && board.nowMs - startMs < writes) board.passMs(1);
  board.onByte = () => {};
  assert.equal(echoed, writes, "writes echoed");
  return (writes / (board.nowMs - startMs)) * 1_000;
}

/** Times between the edges of a pin that `counts` picks by the level after the first. */
function times(
  edges: readonly Edge[],
  pin: number,
  counts: (level: number) => boolean = () => true,
): number[] {
  const own = edges.filter((edge) => edge.pin === pin);
  return own
    .slice(1)
    .flatMap(({ atUs, level }, index) => (counts(level) ? [atUs - (own[index]?.atUs ?? 0)] : []));
}

function assertWithin(actual: readonly number[], expected: number, limit: number, what: string): void {
  assert.ok(actual.length > 4, `${what}: only ${actual.length}`);
  for (const us of actual)
    assert.ok(Math.abs(us - expected) <= limit, `${what} of ${us.toFixed(2)} µs instead of ${expected}`);
}

const WRITES = 4_000;
const STANDARD_WRITES_PER_SECOND = 1_961;

for (const [code, baud] of BAUDS.entries()) {
  test(`at ${baud} baud a full wire loses nothing, and bends no servo and no tone`, () => {
    const board = new EmulatedBoard();
    board.agree(code);
    board.ask([...ECHO_ON, ...SERVOS, ...INPUTS, ...tone(5_000)], 60);
    board.edges.length = 0;
    const perSecond = saturate(board, WRITES);
    if (code > 0) assert.ok(perSecond > 7 * STANDARD_WRITES_PER_SECOND, `${perSecond} writes/s`);
    const edges = board.edges.splice(0);
    assert.equal(edges.filter(({ pin }) => pin === LED).length, WRITES);
    assert.deepEqual(
      sentencesIn(board.take()).filter((sentence) => sentence.startsWith("serial")),
      [],
    );
    for (const pin of SERVO_PINS)
      assertWithin(times(edges, pin, (level) => level === 0).slice(1), 1_500, 20, `pulse of ${pin}`);
    const halves = times(edges, BUZZER);
    const meanUs = halves.reduce((sum, us) => sum + us, 0) / halves.length;
    assert.ok(Math.abs(1_200 * Math.log2(meanUs / 100)) < 1, `half a period of ${meanUs} µs`);
  });

  test(`at ${baud} baud a full wire moves no edge of a tone by 20 µs`, () => {
    const board = new EmulatedBoard();
    board.agree(code);
    board.ask([...ECHO_ON, ...tone(440)], 20);
    board.edges.length = 0;
    saturate(board, WRITES);
    assertWithin(times(board.edges, BUZZER), 1e6 / 880, 20, "half a period");
  });
}

/** Messages of a host, by their bytes; some have long answers. */
const MESSAGES: readonly (readonly number[])[] = [
  [0x91, 0x20, 0],
  [0x91, 0, 0],
  [0xf5, 12, 1],
  [0xf4, 12, 1],
  [0xf4, 4, 0x0b],
  [0xe6, ...two(200)],
  [0xf0, 0x6f, 5, ...two(1_800), 0xf7],
  [0xf0, 0x6d, 13, 0xf7],
  [0xf0, 0x6b, 0xf7],
  [0xf0, 0x69, 0xf7],
  [0xf0, 0x79, 0xf7],
  [0xf9],
  tone(3_000),
  [0xf0, 2, BUZZER, 0xf7],
  [0xf0, 0x76, 0x23, 0, ...two(1), 0xf7],
  [0xf0, 0x70, 5, ...two(600), ...two(2_400), 0xf7],
];

/** Sends messages with pings between them, at most so many bytes ahead of their answers. */
function converse(board: EmulatedBoard, messages: readonly (readonly number[])[]): void {
  const queue = messages.flatMap((message, index) => [
    message,
    ...(index % 4 === 3 ? [PING(index & 127)] : []),
  ]);
  queue.push(PING(0));
  const marks: { readonly number: number; readonly bytes: number }[] = [];
  let sinceMark = 0;
  let inFlight = 0;
  let heard: number[] = [];
  const pump = () => {
    for (let next = queue[0]; next && inFlight + next.length <= WINDOW_BYTES; next = queue[0]) {
      queue.shift();
      board.send(...next);
      inFlight += next.length;
      sinceMark += next.length;
      if (next[1] !== 1) continue;
      marks.push({ number: next[3] ?? 0, bytes: sinceMark });
      sinceMark = 0;
    }
  };
  board.onByte = (byte) => {
    if (byte >= 0x80 && byte !== 0xf7) heard = [];
    heard.push(byte);
    if (byte !== 0xf7 || heard[1] !== 1) return;
    const mark = marks.shift();
    assert.equal(heard[3], mark?.number);
    inFlight -= mark?.bytes ?? 0;
    pump();
  };
  pump();
  for (let ms = 0; ms < 2_000 && (queue.length > 0 || marks.length > 0); ms++) board.passMs(1);
  assert.deepEqual([queue.length, marks.length], [0, 0], "unsent, unanswered");
}

test("whatever a host says, nothing is lost within the window", () => {
  const message = fc.constantFrom(...MESSAGES);
  fc.assert(
    fc.property(fc.nat(2), fc.array(message, { minLength: 20, maxLength: 80 }), (code, messages) => {
      const board = new EmulatedBoard();
      board.agree(code);
      board.ask([...ECHO_ON, ...SERVOS.slice(9), ...INPUTS], 60);
      converse(board, messages);
      const lost = sentencesIn(board.take()).filter((sentence) => /^serial|wait already/.test(sentence));
      assert.deepEqual(lost, []);
    }),
    { numRuns: cases(40, 5_000) },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cases } from "../long.js";
import { EmulatedBoard } from "./emulated-board.js";

/** What a host may have on the way unanswered: firmware/README.md. */
const MOST_BYTES = 192;

const RESET = 0xff;
const VERSION_QUERY = [0xf9];
const STATE_QUERY = [0xf0, 0x6d, 0, 0xf7];
const STATE = [0xf0, 0x6e, 0, 0, 0, 0xf7];

const CHANGE_SPEED = [0xf0, 1, 3];

/** First bytes of messages with the number of data bytes that each takes. */
const SHORT: readonly (readonly [first: number, channels: number, data: number])[] = [
  [0x90, 16, 2],
  [0xc0, 16, 1],
  [0xd0, 16, 1],
  [0xe0, 16, 2],
  [0xf4, 1, 2],
  [0xf5, 1, 2],
  [0xf9, 1, 0],
  [0xff, 1, 0],
];
const SYSEX = [0x01, 0x02, 0x03, 0x69, 0x6b, 0x6d, 0x6f, 0x70, 0x71, 0x76, 0x78, 0x79, 0x7a, 0x7f];

const byte = fc.nat(255);
const data = fc.nat(127);
/** Pins and modes that there are, mostly. */
const small = fc.nat(21);

const short = fc
  .tuple(fc.constantFrom(...SHORT), fc.nat(15), fc.oneof(small, data), fc.oneof(small, data))
  .map(([[first, channels, length], channel, ...values]) => [
    first + (channel % channels),
    ...values.slice(0, length),
  ]);
const sysex = fc
  .tuple(fc.constantFrom(...SYSEX), fc.array(fc.oneof(small, data), { maxLength: 12 }))
  .map(([id, values]) => [0xf0, id, ...values, 0xf7]);
const tooLong = fc
  .tuple(fc.constantFrom(...SYSEX), fc.array(data, { minLength: 60, maxLength: 80 }))
  .map(([id, values]) => [0xf0, id, ...values, 0xf7]);
const message = fc.oneof({ arbitrary: short, weight: 5 }, { arbitrary: sysex, weight: 8 }, tooLong);
const truncated = fc.tuple(message, fc.nat(12)).map(([bytes, length]) => bytes.slice(0, length));
const garbage = fc.array(fc.oneof(byte, fc.constantFrom(0xf0, 0xf7, 0x91, 0xf4)), { maxLength: 20 });

const hostile = fc
  .array(fc.oneof(message, truncated, garbage), { maxLength: 8 })
  .map((parts) => parts.flat().slice(0, MOST_BYTES));

/** Lets the board say all that it has to; reports and tones may go on. */
function settle(board: EmulatedBoard): number[] {
  const said: number[] = [];
  for (let quietMs = 0; quietMs < 2; ) {
    board.passMs(1);
    const more = board.take();
    quietMs = more.length > 0 || board.uno.line.pending > 0 ? 0 : quietMs + 1;
    said.push(...more);
  }
  return said;
}

function count(bytes: readonly number[], part: readonly number[]): number {
  return bytes.filter((_, at) => part.every((value, offset) => bytes[at + offset] === value)).length;
}

/** What is asked second is answered; the chip has not begun anew; and after a reset all is as it was at first. */
function assertSane(board: EmulatedBoard, bytes: readonly number[]): void {
  board.send(...bytes);
  const said: number[] = [];
  // Who asks for another speed must wait for the answer. Here nobody goes there, and the next message fails.
  if (count(bytes, CHANGE_SPEED) > 0) said.push(...settle(board));
  board.send(...VERSION_QUERY, ...STATE_QUERY);
  board.passMs(2);
  // Reports of inputs would go on for ever.
  board.send(RESET);
  said.push(...settle(board));
  assert.ok(count(said, STATE) > 0, `no answer, only ${said.slice(-40)}`);
  assert.ok(count(said, [0xf0, 0x79, 1, 1]) <= count(bytes, [0x79]), "the chip has started anew");
  board.send(...STATE_QUERY, 0xf0, 0x6d, 13, 0xf7);
  assert.deepEqual(settle(board), [...STATE, 0xf0, 0x6e, 13, 1, 0, 0xf7]);
}

test("whatever comes, the second message after it is answered", () => {
  const board = new EmulatedBoard();
  fc.assert(
    fc.property(hostile, (bytes) => assertSane(board, bytes)),
    { numRuns: cases(300, 50_000) },
  );
});

test("whatever comes at 1 000 000 baud, the second message after it is answered", () => {
  const board = new EmulatedBoard();
  board.agree(2);
  fc.assert(
    fc.property(hostile, (bytes) => {
      fc.pre(count(bytes, CHANGE_SPEED) === 0);
      assertSane(board, bytes);
    }),
    { numRuns: cases(300, 50_000) },
  );
});

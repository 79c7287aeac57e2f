import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Direction, FrameSplitter, MAX_SYSEX_BYTES } from "../../src/firmata/frames.js";
import { cases } from "../long.js";

const bytes = (hex: string) =>
  Uint8Array.from(hex === "" ? [] : hex.split(" "), (byte) => Number.parseInt(byte, 16));
const hex = (array: Uint8Array) => Array.from(array, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** What comes out when `pieces` go in: frames, and the number of bytes thrown away. */
function split(direction: Direction, pieces: readonly Uint8Array[]) {
  const frames: string[] = [];
  let discarded = 0;
  const splitter = new FrameSplitter(direction, {
    frame: (frame) => frames.push(hex(frame)),
    discard: (thrown) => {
      discarded += thrown.length;
    },
  });
  for (const piece of pieces) splitter.push(piece);
  return { frames, discarded };
}

const ROWS: readonly (readonly [
  what: string,
  direction: Direction,
  stream: string,
  frames: readonly string[],
  discarded: number,
])[] = [
  [
    "messages of every length",
    "toBoard",
    "f9 d1 01 f4 0d 01 f0 79 f7 ff",
    ["f9", "d1 01", "f4 0d 01", "f0 79 f7", "ff"],
    0,
  ],
  ["a greeting", "toHost", "f9 02 05 f0 79 02 05 41 00 f7", ["f9 02 05", "f0 79 02 05 41 00 f7"], 0],
  ["data that no command announced", "toHost", "12 34 f9 02 05", ["f9 02 05"], 2],
  ["a message broken off by a command", "toHost", "91 20 91 20 00", ["91 20 00"], 2],
  ["a system-exclusive message broken off", "toHost", "f0 6e 0d 91 20 00", ["91 20 00"], 3],
  ["a system-exclusive message with nothing inside", "toHost", "f0 f7 f9 02 05", ["f9 02 05"], 2],
  ["an end without a beginning", "toHost", "f7 f9 02 05", ["f9 02 05"], 1],
  ["commands of the other direction", "toHost", "f4 0d 01 ff f9 02 05", ["f9 02 05"], 4],
  ["an echo", "toHost", "a1 20 06 91 00 00", ["a1 20 06", "91 00 00"], 0],
];

for (const [what, direction, stream, frames, discarded] of ROWS) {
  test(`FrameSplitter takes ${what}`, () =>
    assert.deepEqual(split(direction, [bytes(stream)]), { frames, discarded }));
  test(`FrameSplitter takes ${what}, one byte at a time`, () => {
    const pieces = Array.from(bytes(stream), (byte) => Uint8Array.of(byte));
    assert.deepEqual(split(direction, pieces), { frames, discarded });
  });
}

test("FrameSplitter gives the same frames however the stream is cut, and loses no byte", () => {
  const byte = fc.oneof(fc.constantFrom(0xf0, 0xf7, 0xf9, 0x91, 0xa0), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.array(fc.nat(59)), (stream, cuts) => {
      const whole = Uint8Array.from(stream);
      const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
      const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
      assert.deepEqual(split("toHost", pieces), split("toHost", [whole]));
    }),
    { numRuns: cases(200, 100_000) },
  );
});

test("FrameSplitter bounds a message that never ends, and goes on after it", () => {
  const endless = new Uint8Array(MAX_SYSEX_BYTES + 2);
  endless[0] = 0xf0;
  const { frames, discarded } = split("toHost", [endless, bytes("f9 02 05")]);
  assert.deepEqual(frames, ["f9 02 05"]);
  assert.equal(discarded, MAX_SYSEX_BYTES + 2);
});

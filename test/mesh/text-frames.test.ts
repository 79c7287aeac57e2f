import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeTextFrames } from "../../src/mesh/ws/text-frames.js";

/** Reads frames as RFC 6455 section 5.2 draws them. */
function decode(bytes: Buffer): { texts: string[]; keys: number[] } {
  const texts: string[] = [];
  const keys: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    assert.equal(bytes[at], 0x81, "a final text frame");
    const second = bytes[at + 1] ?? 0;
    let length = second & 0x7f;
    at += 2;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      assert.ok(length > 125, "the shortest form of the length");
      at += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at));
      assert.ok(length > 65_535, "the shortest form of the length");
      at += 8;
    }
    const key = (second & 0x80) === 0 ? Buffer.alloc(4) : bytes.subarray(at, at + 4);
    if ((second & 0x80) !== 0) {
      keys.push(key.readUInt32BE());
      at += 4;
    }
    const payload = bytes.subarray(at, at + length).map((byte, index) => byte ^ (key[index & 3] ?? 0));
    assert.equal(payload.length, length);
    texts.push(Buffer.from(payload).toString());
    at += length;
  }
  return { texts, keys };
}

const LENGTHS = [
  0, 1, 2, 3, 4, 5, 23, 24, 25, 41, 42, 62, 63, 124, 125, 126, 127, 255, 65_535, 65_536, 70_000,
];
const TEXTS = LENGTHS.flatMap((length) => [
  "x".repeat(length),
  "♪".repeat(length),
  `${"x".repeat(length)}🔔`,
]);

for (const isMasked of [false, true]) {
  const end = isMasked ? "client" : "server";
  for (const text of TEXTS) {
    test(`encodeTextFrames() of a ${end} writes ${text.length} units of ${JSON.stringify(text.slice(-2))}`, () => {
      assert.deepEqual(decode(encodeTextFrames([text], isMasked)).texts, [text]);
    });
  }

  test(`encodeTextFrames() of a ${end} writes many texts, and leaves earlier ones alone`, () => {
    const first = encodeTextFrames(TEXTS, isMasked);
    const before = Buffer.from(first);
    const second = encodeTextFrames(["1", "0"], isMasked);
    assert.deepEqual(first, before);
    assert.deepEqual(decode(first).texts, TEXTS);
    assert.deepEqual(decode(second).texts, ["1", "0"]);
  });
}

test("encodeTextFrames() draws a new mask key for each frame", () => {
  const texts = Array.from({ length: 5_000 }, (_, index) => `${index}`);
  const { keys } = decode(encodeTextFrames(texts, true));
  assert.equal(keys.length, texts.length);
  assert.ok(new Set(keys).size > 4_990, "4 bytes of chance repeat in 5 000 draws about 0.003 times");
});

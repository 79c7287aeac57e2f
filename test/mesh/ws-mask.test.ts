import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import http from "node:http";
import { test } from "node:test";
import fc from "fast-check";
import { frameInPlace } from "../../src/mesh/ws/binary-frame.js";
import { drawKey, mask } from "../../src/mesh/ws/mask.js";
import "../../src/mesh/ws/word-masks.js";

/** RFC 6455 section 5.3, byte by byte. */
function masked(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte ^ (key[index & 3] ?? 0));
}

test("mask() masks any range at any place as RFC 6455 says, and nothing beside it", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 0, maxLength: 200 }),
      fc.nat(8),
      fc.nat(20),
      fc.integer(),
      (payload, offset, after, key) => {
        const memory = Buffer.from(new ArrayBuffer(offset + payload.length + after + 8));
        memory.fill(0xaa);
        const bytes = memory.subarray(1); // a view that does not begin where words do
        bytes.set(payload, offset);
        const keyBytes = Buffer.alloc(4);
        keyBytes.writeInt32LE(key | 0);
        mask(bytes, offset, offset + payload.length, key | 0);
        const end = offset + payload.length;
        assert.deepEqual(new Uint8Array(bytes.subarray(offset, end)), masked(payload, keyBytes));
        const beside = [...memory.subarray(0, 1 + offset), ...memory.subarray(1 + end)];
        assert.ok(beside.every((byte) => byte === 0xaa));
      },
    ),
    { numRuns: 500 },
  );
});

test("drawKey() draws other keys each time", () => {
  const keys = new Set(Array.from({ length: 5_000 }, drawKey));
  assert.ok(keys.size > 4_990);
});

for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 100_001]) {
  for (const isMasked of [false, true]) {
    const end = isMasked ? "client" : "server";
    test(`frameInPlace() of a ${end} makes a frame of ${length} bytes, with the shortest length`, () => {
      const payload = randomBytes(length);
      const frame = frameInPlace(Buffer.concat([Buffer.alloc(14), payload]), isMasked);
      assert.equal(frame[0], 0x82, "a final binary frame");
      const second = frame[1] ?? 0;
      assert.equal((second & 0x80) !== 0, isMasked);
      const form = length < 126 ? length : length < 65_536 ? 126 : 127;
      assert.equal(second & 0x7f, form);
      if (form === 126) assert.equal(frame.readUInt16BE(2), length);
      if (form === 127) assert.equal(frame.readBigUInt64BE(2), BigInt(length));
      const keyAt = form < 126 ? 2 : form === 126 ? 4 : 10;
      const key = isMasked ? frame.subarray(keyAt, keyAt + 4) : Buffer.alloc(4);
      const body = frame.subarray(keyAt + (isMasked ? 4 : 0));
      assert.deepEqual(Buffer.from(masked(body, key)), payload);
    });
  }
}

test("ws is lent masks that do what its own do", () => {
  // The cast: what this Node lacks its types lack too.
  const { websocketMask, websocketUnmask } = http as {
    websocketMask?: (source: Buffer, key: Buffer, output: Buffer, offset: number, length: number) => void;
    websocketUnmask?: (bytes: Buffer, key: Buffer) => void;
  };
  for (const length of [0, 3, 24, 100, 1_001]) {
    const [source, key] = [randomBytes(length), randomBytes(4)];
    const output = Buffer.alloc(length + 7, 0xaa);
    websocketMask?.(source, key, output, 5, length);
    assert.deepEqual(Buffer.from(masked(source, key)), output.subarray(5, 5 + length));
    assert.ok([...output.subarray(0, 5), ...output.subarray(5 + length)].every((byte) => byte === 0xaa));
    const bytes = output.subarray(5, 5 + length);
    websocketUnmask?.(bytes, key);
    assert.deepEqual(bytes, source);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHex } from "../../../src/board/flash/hex.js";

const END = ":00000001FF";

test("parseHex() puts bytes where the addresses say and leaves the rest erased", () => {
  const { bytes, startByte, endByte } = parseHex(
    `:040004000C94340024\r\n:02001000AABB89\n:00002000E0\n${END}\n`,
    "a.hex",
  );
  assert.deepEqual([...bytes.subarray(4, 9)], [0x0c, 0x94, 0x34, 0x00, 0xff]);
  assert.deepEqual([...bytes.subarray(15, 19)], [0xff, 0xaa, 0xbb, 0xff]);
  assert.equal(bytes.length, 32_768);
  assert.deepEqual([startByte, endByte], [4, 18]);
});

test("parseHex() adds the address of segment and linear records", () => {
  const { bytes } = parseHex(
    `:020000020100FB\n:02000000AABB99\n:020000040000FA\n:02000400AABB95\n${END}`,
    "a.hex",
  );
  assert.deepEqual([...bytes.subarray(0x1000, 0x1002)], [0xaa, 0xbb]);
  assert.deepEqual([...bytes.subarray(4, 6)], [0xaa, 0xbb]);
});

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ["an empty file", "", /end record is missing/],
  ["text", "#include <Arduino.h>\n", /a\.hex, line 1: .*colon/],
  ["a binary file", ":\u0000\u0001\u0002", /line 1: .*hexadecimal/],
  ["an odd digit", ":0200000000FE0\n", /line 1: .*hexadecimal/],
  ["a wrong checksum", `:02000000AABB98\n${END}`, /line 1: .*checksum is off by 255/],
  ["a record cut short", ":040000000C94\n", /line 1: .*announces 4 data bytes and holds 1/],
  ["a file cut short", ":02000000AABB99\n", /end record is missing/],
  ["an end at once", `${END}\n`, /line 1: it ends before its first byte/],
  [
    "a program for a Mega",
    `:020000040001F9\n:02000000AABB99\n${END}`,
    /line 2: it reaches to byte 65538.*32768/,
  ],
  ["one byte too many", `:027FFF00AABB1B\n${END}`, /line 1: it reaches to byte 32769/],
  ["an unknown record", `:00000006FA\n${END}`, /line 1: record type 6/],
  ["an address record of three bytes", ":03000004000000F9\n", /holds 2 bytes, this one 3/],
];

for (const [what, text, message] of REFUSED)
  test(`parseHex() refuses ${what}`, () => {
    assert.throws(() => parseHex(text, "a.hex"), { code: "FIRMWARE_INVALID", message, hint: /.+/ });
  });

test("parseHex() refuses every beginning of a good file", () => {
  const good = `:040000000C94340028\n${END}`;
  for (let length = 0; length < good.length; length++)
    assert.throws(() => parseHex(good.slice(0, length), "a.hex"), { code: "FIRMWARE_INVALID" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { checksum } from "../../src/record/checksum.js";
import { RecordingDecoder } from "../../src/record/decoder.js";
import { RecordingEncoder } from "../../src/record/encoder.js";
import type { Entry } from "../../src/record/entry.js";
import { BrokenRecord } from "../../src/record/record-reader.js";
import { ENTRIES, fromHex, HEADER, headOf, recordOf, someEntries } from "./entries.js";

const AT = headOf(HEADER).length;

function encode(entries: readonly Entry[]): Buffer {
  const encoder = new RecordingEncoder(HEADER);
  for (const entry of entries) encoder.add(entry);
  return Buffer.from(encoder.take());
}

function decode(bytes: Buffer, chunkBytes = bytes.length): Entry[] {
  const decoder = new RecordingDecoder({ at: AT });
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    decoder.push(bytes.subarray(at, at + chunkBytes));
    for (let entry = decoder.next(); entry; entry = decoder.next()) entries.push(entry);
  }
  return entries;
}

test("RecordingEncoder begins with the magic and the header", () => {
  assert.deepEqual(encode([]), headOf(HEADER));
});

for (const [hex, entry] of ENTRIES) {
  const record = recordOf(fromHex(hex));

  test(`RecordingEncoder writes ${hex}`, () => {
    assert.equal(encode([entry]).subarray(AT).toString("hex"), record.toString("hex"));
  });

  test(`RecordingDecoder reads ${hex}`, () => assert.deepEqual(decode(record), [entry]));

  test(`RecordingDecoder waits for the rest of every beginning of ${hex}`, () => {
    for (let length = 0; length < record.length; length++)
      assert.deepEqual(decode(record.subarray(0, length)), []);
  });

  test(`RecordingDecoder refuses ${hex} with any bit changed`, () => {
    for (let bit = 8; bit < record.length * 8; bit++) {
      const changed = Buffer.from(record);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => decode(changed), BrokenRecord);
    }
  });
}

const REFUSED: readonly (readonly [what: string, body: string])[] = [
  ["a type that is none", "7f 00"],
  ["a second header", "01 7b7d"],
  ["a name's number that nothing has", "12 00 01 55"],
  ["a name that ends too early", "12 00 00 05 6162"],
  ["a number without an end", "13 00 00 0161 ffffffffffffffff"],
  ["a change of a board that is none", "10 00 00 0161 04 00 6d"],
  ["a payload that is no JSON", "18 00 00 0161 02 7b"],
  ["a payload of an unknown kind", "18 00 00 0161 03 00"],
  ["an edge and more", "13 00 00 0161 1b 00"],
  ["an entry without a time", "19"],
];

for (const [what, body] of REFUSED) {
  test(`RecordingDecoder refuses ${what}`, () => {
    assert.throws(() => decode(recordOf(fromHex(body))), BrokenRecord);
  });
}

for (const [what, bytes] of [
  ["a length of 0", "00 00000000"],
  ["a length over 64 MiB", "81808020"],
  ["a length of five bytes", "ffffffff01"],
] as const) {
  test(`RecordingDecoder refuses ${what}`, () => {
    assert.throws(() => decode(fromHex(bytes)), BrokenRecord);
  });
}

test("RecordingDecoder reads what comes a byte at a time", () => {
  const entries = someEntries(100);
  assert.deepEqual(decode(encode(entries).subarray(AT), 1), entries);
});

test("RecordingDecoder gives back what RecordingEncoder took", () => {
  const time = fc.integer({ min: -1_000_000, max: 2 ** 45 }).map((ns) => ns / 1e6);
  const payload = fc.oneof(
    fc.string(),
    fc.uint8Array(),
    fc.jsonValue().filter((value) => typeof value !== "string"),
  );
  // JSON has no −0.
  const plain = payload.map((value) =>
    value instanceof Uint8Array ? value : JSON.parse(JSON.stringify(value)),
  );
  const id = fc.nat();
  const [board, name] = [fc.constantFrom("uno", "mega"), fc.string({ maxLength: 300 })];
  const entry: fc.Arbitrary<Entry> = fc.oneof(
    fc.record({
      kind: fc.constantFrom("to-board", "to-host"),
      atMs: time,
      board,
      bytes: fc.uint8Array({ maxLength: 300 }),
    }),
    fc.record({
      kind: fc.constant("edge"),
      atMs: time,
      board,
      pin: fc.nat(255),
      level: fc.constantFrom(0, 1),
    }),
    fc.record({
      kind: fc.constant("message"),
      atMs: time,
      id,
      from: name,
      node: name,
      channel: name,
      payload: plain,
    }),
    fc.record({ kind: fc.constant("ack"), atMs: time, id, payload: plain, isFailure: fc.boolean() }),
    fc.record({
      kind: fc.constant("event"),
      what: fc.constantFrom("published", "heard"),
      atMs: time,
      subject: name,
      payload: plain,
    }),
    fc.record({ kind: fc.constant("told"), atMs: time, text: fc.string() }),
  );
  fc.assert(
    fc.property(fc.array(entry.map((made) => ({ ...made }))), (entries) => {
      assert.deepEqual(decode(encode(entries).subarray(AT)), entries);
    }),
  );
});

test("checksum() is zlib's, for short and long stretches", () => {
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 89) & 0xff));
  for (let to = 0; to <= bytes.length; to += 7)
    assert.equal(checksum(bytes, 0, to), crc32(bytes.subarray(0, to)));
});

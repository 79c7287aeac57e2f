import type { Entry } from "../../src/record/entry.js";
import { MAGIC } from "../../src/record/format.js";

/** Entries as a body's hexadecimal digits, each the first of its recording: its time counts from 0. */
export const ENTRIES: readonly (readonly [body: string, entry: Entry])[] = [
  [
    "10 80897a 00 03756e6f 00 80c203 73696d3a756e6f",
    { kind: "board", atMs: 1, board: "uno", what: "opened", address: "sim:uno", baud: 57_600 },
  ],
  ["10 00 00 0161 01 00", { kind: "board", atMs: 0, board: "a", what: "lost", address: "", baud: 0 }],
  [
    "10 00 00 0161 02 a0c21e 6d",
    { kind: "board", atMs: 0, board: "a", what: "baud", address: "m", baud: 500_000 },
  ],
  ["10 00 00 0161 03 00 6d", { kind: "board", atMs: 0, board: "a", what: "closed", address: "m", baud: 0 }],
  [
    "11 02 00 03756e6f f50d01",
    { kind: "to-board", atMs: 1e-6, board: "uno", bytes: new Uint8Array([0xf5, 13, 1]) },
  ],
  ["12 00 00 0161", { kind: "to-host", atMs: 0, board: "a", bytes: new Uint8Array() }],
  ["13 00 00 0161 1b", { kind: "edge", atMs: 0, board: "a", pin: 13, level: 1 }],
  // An edge may have been before what is already in the file.
  ["13 03 00 0161 26", { kind: "edge", atMs: -2e-6, board: "a", pin: 19, level: 0 }],
  [
    "14 00 00 0161 0405",
    { kind: "frame", atMs: 0, direction: "in", peer: "a", bytes: new Uint8Array([4, 5]) },
  ],
  ["15 00 00 0161 06", { kind: "frame", atMs: 0, direction: "out", peer: "a", bytes: new Uint8Array([6]) }],
  [
    "16 00 ac02 00 0163 00 0169 00 00 00 31",
    { kind: "message", atMs: 0, id: 300, from: "c", node: "i", channel: "", payload: "1" },
  ],
  // A name that came before is a number.
  [
    "16 00 01 00 0161 01 01 01 00ff",
    {
      kind: "message",
      atMs: 0,
      id: 1,
      from: "a",
      node: "a",
      channel: "a",
      payload: new Uint8Array([0, 255]),
    },
  ],
  ["17 00 01 00 c3bc", { kind: "ack", atMs: 0, id: 1, payload: "ü", isFailure: false }],
  ["17 00 01 80 6e6f", { kind: "ack", atMs: 0, id: 1, payload: "no", isFailure: true }],
  [
    "17 00 01 02 7b2261223a5b312c325d7d",
    { kind: "ack", atMs: 0, id: 1, payload: { a: [1, 2] }, isFailure: false },
  ],
  [
    "18 00 00 03612e62 02 6e756c6c",
    { kind: "event", atMs: 0, what: "published", subject: "a.b", payload: null },
  ],
  ["18 00 00 0161 80 31", { kind: "event", atMs: 0, what: "heard", subject: "a", payload: "1" }],
  ["19 00 7b7d", { kind: "told", atMs: 0, text: "{}" }],
];

export const HEADER = {
  beganAt: "2026-12-01T00:00:00.000Z",
  version: "0.1.0",
  boards: { uno: "sim:uno" },
  seed: 7,
};

export function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

/** A record of a body, put together by the document and not by the encoder. */
export function recordOf(body: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), body, crcOf(body)]);
}

export function headOf(header: object): Buffer {
  return Buffer.concat([
    MAGIC,
    recordOf(Buffer.concat([Buffer.from([1]), Buffer.from(JSON.stringify(header))])),
  ]);
}

/** CRC-32 a bit at a time. */
function crcOf(bytes: Uint8Array): Buffer {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE((rest ^ 0xffffffff) >>> 0);
  return sum;
}

/** A trip of so many entries, of every kind, with names that come again and times that go back. */
export function someEntries(count: number): Entry[] {
  return Array.from({ length: count }, (_, index) => {
    const [, entry] = ENTRIES[index % ENTRIES.length] ??
      ENTRIES[0] ?? ["", { kind: "told", atMs: 0, text: "" }];
    const back = entry.kind === "edge" ? 1_500 : 0;
    return { ...entry, atMs: (index * 1_000 - back) / 1_000 };
  });
}

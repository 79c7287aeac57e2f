import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readFrame } from "../../src/mesh/framed/frame-reader.js";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import { cases } from "../long.js";

const hex = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString("hex")
    .replace(/(..)(?=.)/g, "$1 ");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** What a frame says, as calls. */
function told(frame: Uint8Array): unknown[][] {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...values: unknown[]) =>
      void calls.push([name, ...values]);
  readFrame(frame, {
    json: note("json"),
    open: note("open"),
    chain: note("chain"),
    message: (channel, sequence, payload, headers) => note("message")(channel, sequence, payload, headers),
    ack: (channel, sequence, payload) => note("ack")(channel, sequence, payload),
    failure: note("failure"),
    numbers: note("numbers"),
    interest: note("interest"),
    event: (subject, data, headers, _bytes, to) => note("event")(...(to ? [to] : []), subject, data, headers),
  });
  return calls;
}

// The bytes are those of docs/protocol.md, not of the code's constants.
const FRAMES: readonly (readonly [wire: string, write: (writer: FrameWriter) => void, calls: unknown[][]])[] =
  [
    ["04 07", (writer) => writer.numbers(0x04, 7), [["numbers", 4, 7, 0, 0]]],
    ["13 03 80 01", (writer) => writer.numbers(0x13, 3, 128), [["numbers", 0x13, 3, 128, 0]]],
    ["21 01 02 e8 07", (writer) => writer.numbers(0x21, 1, 2, 1_000), [["numbers", 0x21, 1, 2, 1_000]]],
    ["10 01 04 62 69 74 73", (writer) => writer.open(1, "bits"), [["open", 1, "bits"]]],
    ["14 01 07 5b 22 61 2f 78 22 5d", (writer) => writer.chain(1, ["a/x"]), [["chain", 1, ["a/x"]]]],
    [
      "11 01 05 80 01 31",
      (writer) => writer.message(1, 5, "1", undefined),
      [["message", 1, 5, "1", undefined]],
    ],
    [
      "11 01 05 80 01 31 80 01 30 11 02 06 80 00",
      (writer) => {
        writer.message(1, 5, "1", undefined);
        writer.message(1, 6, "0", undefined);
        writer.message(2, 6, "", undefined);
      },
      [
        ["message", 1, 5, "1", undefined],
        ["message", 1, 6, "0", undefined],
        ["message", 2, 6, "", undefined],
      ],
    ],
    [
      "11 01 01 81 02 00 ff",
      (writer) => writer.message(1, 1, Uint8Array.of(0, 255), undefined),
      [["message", 1, 1, Uint8Array.of(0, 255), undefined]],
    ],
    [
      "11 01 01 82 07 7b 22 61 22 3a 31 7d",
      (writer) => writer.message(1, 1, { a: 1 }, undefined),
      [["message", 1, 1, { a: 1 }, undefined]],
    ],
    [
      "11 01 01 84 11 7b 22 64 65 61 64 6c 69 6e 65 4d 73 22 3a 35 30 7d 01 31",
      (writer) => writer.message(1, 1, "1", { deadlineMs: 50 }),
      [["message", 1, 1, "1", { deadlineMs: 50 }]],
    ],
    [
      "30 22 7b 22 70 72 6f 63 65 73 73 22 3a 22 70 22 2c 22 70 61 74 74 65 72 6e 73 22 3a 5b 22 61 2e 3e 22 5d 7d",
      (writer) => writer.interest({ process: "p", patterns: ["a.>"] }),
      [["interest", { process: "p", patterns: ["a.>"] }]],
    ],
    [
      "31 03 61 2e 62 80 01 31",
      (writer) => writer.event("a.b", "1", undefined),
      [["event", "a.b", "1", undefined]],
    ],
    [
      "31 01 61 86 09 7b 22 78 22 3a 22 79 22 7d 04 74 72 75 65 31 01 62 81 00",
      (writer) => {
        writer.event("a", true, { x: "y" });
        writer.event("b", new Uint8Array(), undefined);
      },
      [
        ["event", "a", true, { x: "y" }],
        ["event", "b", new Uint8Array(), undefined],
      ],
    ],
    [
      "11 01 05 80 01 31 31 01 61 80 00 11 01 06 80 01 30",
      (writer) => {
        const other = new FrameWriter();
        other.event("a", "", undefined);
        writer.message(1, 5, "1", undefined);
        writer.records(other.take());
        writer.message(1, 6, "0", undefined);
      },
      [
        ["message", 1, 5, "1", undefined],
        ["event", "a", "", undefined],
        ["message", 1, 6, "0", undefined],
      ],
    ],
    [
      "30 48 7b 22 70 72 6f 63 65 73 73 22 3a 22 70 22 2c 22 70 61 74 74 65 72 6e 73 22 3a 5b 22 61 22 5d 2c 22 71 75 65 75 65 73 22 3a 5b 5b 22 62 22 2c 22 71 22 5d 5d 2c 22 6c 61 73 74 22 3a 5b 5b 31 2c 22 61 22 2c 37 5d 5d 7d",
      (writer) =>
        writer.interest({ process: "p", patterns: ["a"], queues: [["b", "q"]], last: [[1, "a", 7]] }),
      [["interest", { process: "p", patterns: ["a"], queues: [["b", "q"]], last: [[1, "a", 7]] }]],
    ],
    [
      "32 01 71 03 61 2e 62 80 01 31",
      (writer) => writer.eventTo({ queue: "q" }, "a.b", "1", undefined),
      [["event", { queue: "q" }, "a.b", "1", undefined]],
    ],
    [
      "33 ac 02 01 61 86 09 7b 22 78 22 3a 22 79 22 7d 04 74 72 75 65",
      (writer) => writer.eventTo({ ask: 300 }, "a", true, { x: "y" }),
      [["event", { ask: 300 }, "a", true, { x: "y" }]],
    ],
    ["34 80 01 03", (writer) => writer.numbers(0x34, 128, 3), [["numbers", 0x34, 128, 3, 0]]],
    ["20 01 05 80 02 6f 6b", (writer) => writer.ack(1, 5, "ok"), [["ack", 1, 5, "ok"]]],
  ];

for (const [wire, write, calls] of FRAMES) {
  test(`FrameWriter writes ${wire}`, () => {
    const writer = new FrameWriter();
    write(writer);
    assert.equal(hex(writer.take()), wire);
  });
  test(`readFrame() reads ${wire}`, () => assert.deepEqual(told(bytes(wire)), calls));
  test(`readFrame() tells no more of a beginning of ${wire} than of all of it`, () => {
    const whole = bytes(wire);
    for (let length = 1; length < whole.length; length++) {
      try {
        assert.deepEqual(
          told(whole.subarray(0, length)),
          calls.slice(0, told(whole.subarray(0, length)).length),
        );
      } catch (error) {
        assert.equal((error as { code?: string }).code, "MESSAGE_INVALID");
      }
    }
  });
}

const interest = (value: object) => {
  const json = Buffer.from(JSON.stringify(value));
  return `30 ${json.length.toString(16)} ${hex(json)}`;
};

const REFUSED: readonly (readonly [what: string, wire: string])[] = [
  ["an unknown record", "7f"],
  ["an item outside of a run", "80 01 31"],
  ["a length beyond the frame", "11 01 01 80 05 31"],
  ["a number without an end", "11 ff ff"],
  ["a number over 2^53", "04 ff ff ff ff ff ff ff ff ff 01"],
  ["a failure for a message", "11 01 01 83 02 7b 7d"],
  ["a text that is no UTF-8", "11 01 01 80 02 c3 28"],
  ["JSON that is none", "01 01 7b"],
  ["an event without data", "31 01 61"],
  ["an event with a record for data", "31 01 61 04 07"],
  ["an event with a failure for data", "31 01 61 83 02 7b 7d"],
  ["an event whose headers are no object", "31 01 61 84 02 5b 5d 00"],
  ["an event with a header that is no text", "31 01 61 84 07 7b 22 61 22 3a 31 7d 00"],
  ["an item after an event", "31 01 61 80 00 80 01 31"],
  ["an interest of no process", `30 0f ${hex(Buffer.from('{"patterns":[]}'))}`],
  ["an interest that is no list", `30 1d ${hex(Buffer.from('{"process":"p","patterns":{}}'))}`],
  ["an interest in a number", `30 1e ${hex(Buffer.from('{"process":"p","patterns":[1]}'))}`],
  ["an event in a queue without a subject", "32 01 71"],
  ["an event in a queue whose name is no UTF-8", "32 02 c3 28 01 61 80 00"],
  ["a last event without data", "33 01 01 61"],
  ["a last event for a number without an end", "33 ff ff"],
  ["how far it is without what was asked", "34 01"],
  ["an interest in queues that are no list", interest({ process: "p", patterns: [], queues: {} })],
  ["an interest in a queue without a name", interest({ process: "p", patterns: [], queues: [["a"]] })],
  ["asks that are no list", interest({ process: "p", patterns: [], last: 1 })],
  ["an ask that is a text", interest({ process: "p", patterns: [], last: ["a"] })],
  ["an ask with half a number", interest({ process: "p", patterns: [], last: [[0.5, "a", 0]] })],
  ["an ask after a negative number", interest({ process: "p", patterns: [], last: [[1, "a", -1]] })],
  ["callers that are no list", "14 01 02 7b 7d"],
];
for (const [what, wire] of REFUSED) {
  test(`readFrame() refuses ${what}`, () =>
    assert.throws(() => told(bytes(wire)), { code: "MESSAGE_INVALID" }));
}

/** JSON has no sign for a zero. */
function hasNegativeZero(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Object.is(value, -0);
  return Object.values(value).some(hasNegativeZero);
}

const payload = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).filter((text) => text.isWellFormed()),
  fc.uint8Array({ maxLength: 40 }),
  fc.jsonValue().filter((value) => typeof value !== "string" && !hasNegativeZero(value)),
);

test("what FrameWriter writes readFrame() reads, whatever the payloads, with their types", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(2 ** 31), payload), { maxLength: 20 }), (messages) => {
      const writer = new FrameWriter();
      // The cast: fast-check's JSON is ours.
      for (const [channel, sequence, value] of messages)
        writer.message(channel, sequence, value as string, undefined);
      assert.deepEqual(
        told(writer.take()),
        messages.map(([channel, sequence, value]) => ["message", channel, sequence, value, undefined]),
      );
    }),
    { numRuns: cases(200, 100_000) },
  );
});

test("readFrame() throws nothing but MESSAGE_INVALID, whatever the bytes", () => {
  const byte = fc.oneof(
    fc.constantFrom(0x01, 0x10, 0x11, 0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x80, 0x81, 0x82, 0x83, 0x84),
    fc.nat(255),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), (frame) => {
      try {
        told(Uint8Array.from(frame));
      } catch (error) {
        assert.equal((error as { code?: string }).code, "MESSAGE_INVALID");
      }
    }),
    { numRuns: cases(1_000, 100_000) },
  );
});

test("readFrame() reads every code of a failure, and one that is not known as FAILED", () => {
  const known = [
    "FAILED",
    "CALL_CYCLE",
    "DEADLINE",
    "CANCELLED",
    "UNKNOWN",
    "MISSING",
    "LOST",
    "INVALID",
    "DENIED",
  ];
  for (const code of [...known, "toString", "", 7, null]) {
    const json = JSON.stringify({ code, reason: "why" });
    const wire = Buffer.concat([Buffer.from([0x20, 1, 1, 0x83, json.length]), Buffer.from(json)]);
    const read = typeof code === "string" && known.includes(code) ? code : "FAILED";
    assert.deepEqual(told(wire), [["failure", 1, 1, { code: read, reason: "why" }]]);
  }
});

test("readFrame() reads where a message belongs in a trace, and leaves out what is no trace", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  for (const [headers, read] of [
    [{ traceparent }, { traceparent }],
    [
      { traceparent, tracestate: "a=1" },
      { traceparent, tracestate: "a=1" },
    ],
    [{ traceparent: "00-1-2-3", tracestate: "a=1" }, {}],
    [{ tracestate: "a=1" }, {}],
    [{ traceparent: [traceparent] }, {}],
  ] as const) {
    const json = JSON.stringify(headers);
    const wire = Buffer.concat([
      Buffer.from([0x11, 1, 1, 0x84, json.length]),
      Buffer.from(json),
      Buffer.from([1, 0x31]),
    ]);
    assert.deepEqual(told(wire), [["message", 1, 1, "1", read]], json);
  }
});

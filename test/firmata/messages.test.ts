import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeToBoard, encodeToBoard, type ToBoard } from "../../src/firmata/to-board.js";
import { decodeToHost, encodeToHost, type ToHost } from "../../src/firmata/to-host.js";

const bytes = (hex: string) => Uint8Array.from(hex.split(" "), (byte) => Number.parseInt(byte, 16));

// The bytes are written out from https://github.com/firmata/protocol, not from the constants of the code.
const TO_BOARD: readonly (readonly [hex: string, message: ToBoard])[] = [
  ["f9", { type: "queryVersion" }],
  ["ff", { type: "reset" }],
  ["f0 79 f7", { type: "queryFirmware" }],
  ["f0 6b f7", { type: "queryCapabilities" }],
  ["f0 69 f7", { type: "queryAnalogMapping" }],
  ["f0 6d 0d f7", { type: "queryPinState", pin: 13 }],
  ["f4 0d 01", { type: "pinMode", pin: 13, mode: 1 }],
  ["91 20 00", { type: "digitalPort", port: 1, levels: 0x20 }],
  ["90 00 01", { type: "digitalPort", port: 0, levels: 0x80 }],
  ["f5 0d 01", { type: "digitalPin", pin: 13, level: 1 }],
  ["d1 01", { type: "reportDigital", port: 1, on: true }],
  ["c5 00", { type: "reportAnalog", channel: 5, on: false }],
  ["e3 7f 01", { type: "analog", pin: 3, value: 255 }],
  ["f0 6f 14 00 02 f7", { type: "extendedAnalog", pin: 20, value: 256 }],
  ["f0 6f 14 00 00 04 00 f7", { type: "extendedAnalog", pin: 20, value: 65_536 }],
  ["f0 7a 13 00 f7", { type: "samplingInterval", intervalMs: 19 }],
  ["f0 70 09 20 04 60 12 f7", { type: "servoConfig", pin: 9, minUs: 544, maxUs: 2_400 }],
  ["f0 78 64 00 f7", { type: "i2cConfig", delayUs: 100 }],
  ["f0 76 27 00 7f 01 f7", { type: "i2cRequest", address: 0x27, flags: 0, data: [0xff] }],
  ["f0 71 68 00 69 00 f7", { type: "string", text: "hi" }],
  ["f0 01 01 01 f7", { type: "echo", on: true }],
  ["f0 01 02 2a f7", { type: "ping", number: 42 }],
  ["f0 01 03 02 f7", { type: "speed", code: 2 }],
  ["f0 01 04 50 0f f7", { type: "safe", silenceMs: 2_000, pins: [] }],
  [
    "f0 01 04 64 00 0d 00 02 01 13 02 f7",
    {
      type: "safe",
      silenceMs: 100,
      pins: [
        { pin: 13, state: 0 },
        { pin: 2, state: 1 },
        { pin: 19, state: "input" },
      ],
    },
  ],
  ["f0 02 08 60 57 02 64 00 00 f7", { type: "tone", pin: 8, centihertz: 44_000, durationMs: 100 }],
  ["f0 02 08 f7", { type: "noTone", pin: 8 }],
  ["f0 61 01 02 f7", { type: "sysex", command: 0x61, data: [1, 2] }],
];

const TO_HOST: readonly (readonly [hex: string, message: ToHost])[] = [
  ["f9 02 05", { type: "version", major: 2, minor: 5 }],
  ["f0 79 02 05 41 00 62 00 f7", { type: "firmware", major: 2, minor: 5, name: "Ab" }],
  [
    "f0 6c 7f 00 01 01 01 7f f7",
    {
      type: "capabilities",
      pins: [
        [],
        [
          { mode: 0, resolution: 1 },
          { mode: 1, resolution: 1 },
        ],
      ],
    },
  ],
  ["f0 6a 7f 00 01 f7", { type: "analogMapping", channels: [127, 0, 1] }],
  ["f0 6e 0d 01 01 f7", { type: "pinState", pin: 13, mode: 1, value: 1 }],
  ["f0 6e 03 03 7f 01 f7", { type: "pinState", pin: 3, mode: 3, value: 255 }],
  ["91 20 00", { type: "digitalPort", port: 1, levels: 0x20 }],
  ["e5 7f 07", { type: "analog", channel: 5, value: 1_023 }],
  ["f0 71 6f 00 6b 00 f7", { type: "string", text: "ok" }],
  ["f0 77 27 00 01 00 7f 01 f7", { type: "i2cReply", address: 0x27, register: 1, data: [255] }],
  ["a1 20 06", { type: "echo", port: 1, levels: 0x20, count: 3 }],
  ["a0 7f 7f", { type: "echo", port: 0, levels: 0xff, count: 63 }],
  ["f0 01 01 01 f7", { type: "echoing", on: true }],
  ["f0 01 02 2a f7", { type: "pong", number: 42 }],
  ["f0 01 03 01 f7", { type: "speed", code: 1 }],
  ["f0 01 04 03 f7", { type: "armed", count: 3 }],
  ["f0 01 05 f7", { type: "tripped" }],
  ["f0 61 01 f7", { type: "sysex", command: 0x61, data: [1] }],
];

for (const [hex, message] of TO_BOARD) {
  test(`encodeToBoard() writes ${hex}`, () => assert.deepEqual(encodeToBoard(message), bytes(hex)));
  test(`decodeToBoard() reads ${hex}`, () => assert.deepEqual(decodeToBoard(bytes(hex)), message));
  test(`decodeToBoard() refuses every beginning of ${hex}`, () => {
    for (let length = 0; length < bytes(hex).length; length++) {
      assert.throws(() => decodeToBoard(bytes(hex).subarray(0, length)), { code: "FIRMATA_INVALID" });
    }
  });
}

for (const [hex, message] of TO_HOST) {
  test(`encodeToHost() writes ${hex}`, () => assert.deepEqual(encodeToHost(message), bytes(hex)));
  test(`decodeToHost() reads ${hex}`, () => assert.deepEqual(decodeToHost(bytes(hex)), message));
  test(`decodeToHost() refuses every beginning of ${hex}`, () => {
    for (let length = 0; length < bytes(hex).length; length++) {
      assert.throws(() => decodeToHost(bytes(hex).subarray(0, length)), { code: "FIRMATA_INVALID" });
    }
  });
}

const OTHER_SHAPES = [
  "f0 6d f7",
  "f0 70 09 f7",
  "f0 02 08 01 f7",
  ...[
    "f0 01 f7",
    "f0 01 02 f7",
    "f0 01 03 f7",
    "f0 01 04 50 f7",
    "f0 01 04 50 0f 0d f7",
    "f0 01 04 50 0f 0d 03 f7",
  ],
  "f0 01 09 01 f7",
];

for (const hex of OTHER_SHAPES) {
  test(`decodeToBoard() hands on a system-exclusive message of another shape: ${hex}`, () =>
    assert.equal(decodeToBoard(bytes(hex)).type, "sysex"));
}

for (const hex of [
  "f0 01 f7",
  "f0 01 01 f7",
  "f0 01 02 f7",
  "f0 01 03 f7",
  "f0 01 04 f7",
  "f0 01 09 01 f7",
]) {
  test(`decodeToHost() hands on a system-exclusive message of another shape: ${hex}`, () =>
    assert.equal(decodeToHost(bytes(hex)).type, "sysex"));
}

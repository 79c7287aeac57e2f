import assert from "node:assert/strict";
import { test } from "node:test";
import { describeToBoard, describeToHost } from "../../src/firmata/describe.js";
import type { ToBoard } from "../../src/firmata/to-board.js";
import type { ToHost } from "../../src/firmata/to-host.js";

const TO_BOARD: readonly (readonly [words: string, message: ToBoard])[] = [
  ["which version?", { type: "queryVersion" }],
  ["reset", { type: "reset" }],
  ["how is pin 13?", { type: "queryPinState", pin: 13 }],
  ["pin 13 to OUTPUT", { type: "pinMode", pin: 13, mode: 1 }],
  ["port 1 00100000", { type: "digitalPort", port: 1, levels: 0x20 }],
  ["pin 13 high", { type: "digitalPin", pin: 13, level: 1 }],
  ["pin 3 to 255", { type: "analog", pin: 3, value: 255 }],
  ["pin 9 a servo of 544 to 2400 µs", { type: "servoConfig", pin: 9, minUs: 544, maxUs: 2_400 }],
  ["tone of 440 Hz on pin 8", { type: "tone", pin: 8, centihertz: 44_000, durationMs: 0 }],
  ["tone of 523.25 Hz on pin 8 for 100 ms", { type: "tone", pin: 8, centihertz: 52_325, durationMs: 100 }],
  ["no tone on pin 8", { type: "noTone", pin: 8 }],
  ["reports of port 1 on", { type: "reportDigital", port: 1, on: true }],
  ["reports of A5 off", { type: "reportAnalog", channel: 5, on: false }],
  ["I2C write to 0x27: ff", { type: "i2cRequest", address: 0x27, flags: 0, data: [0xff] }],
  ["I2C read from 0x27: 01", { type: "i2cRequest", address: 0x27, flags: 8, data: [1] }],
  ["line to 1000000 baud", { type: "speed", code: 2 }],
  [
    "after 2000 ms of silence pins 13 low, 2 input",
    {
      ...{ type: "safe", silenceMs: 2_000 },
      pins: [
        { pin: 13, state: 0 },
        { pin: 2, state: "input" },
      ],
    },
  ],
  ["message 0x61: 01 02", { type: "sysex", command: 0x61, data: [1, 2] }],
];

const TO_HOST: readonly (readonly [words: string, message: ToHost])[] = [
  ["Firmata 2.5", { type: "version", major: 2, minor: 5 }],
  ["pin 13 is OUTPUT, 1", { type: "pinState", pin: 13, mode: 1, value: 1 }],
  ["port 0 reads 00000100", { type: "digitalPort", port: 0, levels: 4 }],
  ["A0 is 512", { type: "analog", channel: 0, value: 512 }],
  ["executed write 7: port 1 00100000", { type: "echo", port: 1, levels: 0x20, count: 7 }],
  ["pong 42", { type: "pong", number: 42 }],
  ['text "hi\\u001b"', { type: "string", text: "hi\u001b" }],
  [
    `message 0x10: ${Array(16).fill("00").join(" ")} … (20 bytes)`,
    { type: "sysex", command: 0x10, data: Array<number>(20).fill(0) },
  ],
];

for (const [words, message] of TO_BOARD)
  test(`describeToBoard() says: ${words}`, () => assert.equal(describeToBoard(message), words));
for (const [words, message] of TO_HOST)
  test(`describeToHost() says: ${words}`, () => assert.equal(describeToHost(message), words));

import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { type Board, skipWithoutSimavr, startBoard, two } from "./board.js";

const skip = skipWithoutSimavr;

const NAME = [..."CircuitFirmata.ino"].flatMap((character) => two(character.charCodeAt(0)));
const FIRMWARE_REPORT = [0xf0, 0x79, 1, 1, ...NAME, 0xf7];

const DIGITAL = [0, 1, 11, 1, 1, 1];
const PWM = [3, 8];
const capabilitiesOf = (pin: number) => {
  if (pin < 2) return [127];
  const analog = pin >= 14 ? [2, 10] : [];
  const pwm = [3, 5, 6, 9, 10, 11].includes(pin) ? PWM : [];
  const i2c = pin >= 18 ? [6, 1] : [];
  return [...DIGITAL, ...analog, ...pwm, 4, 14, ...i2c, 14, 13, 127];
};
const PINS = Array.from({ length: 20 }, (_, pin) => pin);

const QUERIES: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ["the protocol's version", [0xf9], [0xf9, 2, 6]],
  ["the firmware's name", [0xf0, 0x79, 0xf7], FIRMWARE_REPORT],
  ["the capabilities", [0xf0, 0x6b, 0xf7], [0xf0, 0x6c, ...PINS.flatMap(capabilitiesOf), 0xf7]],
  [
    "the analog mapping",
    [0xf0, 0x69, 0xf7],
    [0xf0, 0x6a, ...PINS.map((pin) => (pin < 14 ? 127 : pin - 14)), 0xf7],
  ],
];

/** What the board has executed, and the state of one pin after it: mode and value. */
const STATES: readonly (readonly [string, readonly number[], number, readonly number[]])[] = [
  ["an output after reset", [], 7, [1, 0]],
  ["an analog pin after reset", [], 14, [2, 0]],
  ["a pin of the serial line", [0xf4, 1, 1], 1, [0, 0]],
  ["a port write", [0x91, 0x21, 0], 13, [1, 1]],
  ["a port write to bit 7", [0x90, 0, 1], 7, [1, 1]],
  ["a port write to a pin on the next chip port", [0xf4, 15, 1, 0x91, 0, 1], 15, [1, 1]],
  ["a port write to an input, which turns its pull-up on", [0xf4, 4, 0, 0x90, 0x10, 0], 4, [0, 1]],
  ["a pin write", [0xf5, 6, 1], 6, [1, 1]],
  ["a pin write to an input, which is left alone", [0xf4, 6, 0, 0xf5, 6, 1], 6, [0, 0]],
  ["an output set to be one again", [0xf5, 6, 1, 0xf4, 6, 1], 6, [1, 1]],
  ["an output that had a pull-up", [0xf4, 6, 11, 0xf4, 6, 1], 6, [1, 0]],
  ["a pull-up", [0xf4, 8, 11], 8, [11, 1]],
  ["a duty", [0xf4, 9, 3, 0xe9, ...two(200)], 9, [3, ...two(200)]],
  ["a duty beyond the highest", [0xf4, 9, 3, 0xe9, ...two(3000)], 9, [3, ...two(255)]],
  ["an extended duty", [0xf4, 9, 3, 0xf0, 0x6f, 9, ...two(129), 0xf7], 9, [3, ...two(129)]],
  ["a servo's angle", [0xf4, 12, 4, 0xec, ...two(90)], 12, [4, 90]],
  ["a servo's pulse", [0xf4, 16, 4, 0xf0, 0x6f, 16, ...two(1800), 0xf7], 16, [4, ...two(1800)]],
  ["a servo by its configuration", [0xf0, 0x70, 12, ...two(600), ...two(2200), 0xf7], 12, [4, 0]],
  ["an analog write to an output, which is left alone", [0xe7, 1, 0], 7, [1, 0]],
  ["a pin for I2C", [0xf0, 0x78, 0, 0, 0xf7], 18, [6, 0]],
  ["a reset", [0xf4, 5, 3, 0xe5, 9, 0, 0xff], 5, [1, 0]],
];

/** What is refused, and in which words. Nothing else is answered. */
const REFUSALS: readonly (readonly [readonly number[], string])[] = [
  [[0xf4, 0, 1], "pin 0: it is the serial line"],
  [[0xf4, 20, 1], "pin 20: there is none, the last is 19"],
  [[0xf4, 2, 3], "pin 2: it has no mode 3"],
  [[0xf4, 13, 2], "pin 13: it has no mode 2"],
  [[0xf4, 13, 9], "pin 13: it has no mode 9"],
  [[0xf5, 99, 1], "pin 99: there is none, the last is 19"],
  [[0x93, 1, 0], "port 3: there is none, the last is 2"],
  [[0xf0, 0x6d, 20, 0xf7], "pin 20: there is none, the last is 19"],
  [[0xf0, 0x33, 1, 2, 0xf7], "sysex 0x33: unknown here"],
  [[0xf0, 0x7a, 1, 0xf7], "sysex 0x7a: cut short"],
  [[0xf0, 0x76, 0x50, 0, 0xf7], "I2C 0x50: configure I2C first"],
  [[0xf0, 0x01, 9, 1, 0xf7], "sysex 0x01: no such option"],
  [[0xf0, 0x01, 3, 3, 0xf7], "sysex 0x01: no such speed"],
  [[0xf0, 0x01, 4, ...two(99), 13, 0, 0xf7], "safe: 99 ms are too few, 100 to 16383 work"],
  [[0xf0, 0x01, 4, ...two(500), 13, 0xf7], "sysex 0x01: cut short"],
  [[0xf0, 0x01, 4, ...two(500), 1, 0, 0xf7], "pin 1: it is the serial line"],
  [[0xf0, 0x01, 4, ...two(500), 20, 0, 0xf7], "pin 20: there is none, the last is 19"],
  [[0xf0, 0x01, 4, ...two(500), 13, 3, 0xf7], "pin 13: no such safe state"],
  [[0xf0, 0x71, ...Array(65).fill(1), 0xf7], "sysex 0x71: longer than 64 bytes"],
  [[0xf0, 0x70, 9, ...two(544), ...two(3001), 0xf7], "pin 9: servo pulses are 100 to 3000 us"],
];

async function expectState(board: Board, pin: number, state: readonly number[]): Promise<void> {
  const answer = await board.ask(0xf0, 0x6d, pin, 0xf7);
  assert.deepEqual(answer, [0xf0, 0x6e, pin, ...state, 0xf7]);
}

test("CircuitFirmata greets at once", { skip }, async (t) => {
  const { simavr, wire } = await startBoard(t, CIRCUIT_UNO_HEX);
  // Sent within the first microseconds, maybe before the port was open: a reset by wire is not one of power.
  assert.deepEqual(simavr.edges, []);
  wire.send(0xf9, 0xf0, 0x79, 0xf7);
  await wire.take([0xf9, 2, 6, ...FIRMWARE_REPORT]);
});

test("CircuitFirmata answers what it is asked", { skip }, async (t) => {
  const board = await startBoard(t, CIRCUIT_UNO_HEX);
  for (const [what, question, answer] of QUERIES) {
    await t.test(what, async () => assert.deepEqual(await board.ask(...question), answer));
  }
});

test("CircuitFirmata knows the state of its pins", { skip }, async (t) => {
  const board = await startBoard(t, CIRCUIT_UNO_HEX);
  for (const [what, commands, pin, state] of STATES) {
    await t.test(`after ${what}`, async () => {
      await board.ask(0xff, ...commands);
      await expectState(board, pin, state);
    });
  }
});

test("CircuitFirmata refuses by name and changes nothing", { skip }, async (t) => {
  const board = await startBoard(t, CIRCUIT_UNO_HEX);
  for (const [request, words] of REFUSALS) {
    await t.test(words, async () => assert.deepEqual(await board.complaints(...request), [words]));
  }
  for (const pin of [2, 9, 13]) await expectState(board, pin, [1, 0]);
});

test("CircuitFirmata writes each output of every port and no other", { skip }, async (t) => {
  const { simavr, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(...[14, 15, 16, 17, 18, 19].flatMap((pin) => [0xf4, pin, 1]), 0xf4, 4, 0);
  await ask(0x90, 0x7f, 1, 0x91, 0x7f, 1, 0x92, 0x7f, 1, 0x90, 0, 0, 0x91, 0, 0, 0x92, 0, 0);
  const driven = simavr.edges.filter(({ pin }) => pin !== 4);
  const pins = PINS.filter((pin) => pin > 1 && pin !== 4);
  for (const level of [1, 0]) {
    assert.deepEqual(
      driven.filter((edge) => edge.level === level).map(({ pin }) => pin),
      pins,
    );
  }
});

test("CircuitFirmata reports inputs at once and at each change", { skip }, async (t) => {
  const { simavr, wire, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  assert.deepEqual(await ask(0xf4, 12, 0, 0xf4, 2, 0, 0xd1, 1), [0x91, 0, 0]);
  simavr.drive(12, 1);
  await wire.take([0x91, 0x10, 0]);
  simavr.drive(2, 1); // of a port that is not reported
  simavr.drive(12, 0);
  await wire.take([0x91, 0, 0]);
  assert.deepEqual(await ask(0xd0, 1), [0x90, 0x04, 0]);
  await ask(0xd1, 0);
  simavr.drive(12, 1);
  simavr.drive(2, 0);
  assert.deepEqual(await wire.take([0x90, 0, 0]), [0x90, 0, 0]);
});

test("CircuitFirmata reports analog inputs at once and at each sampling interval", { skip }, async (t) => {
  const { simavr, wire, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  simavr.applyMillivolts(0, 2_500);
  simavr.applyMillivolts(5, 3_300);
  await ask(0xf0, 0x7a, ...two(5), 0xf7, 0xc0, 1, 0xc5, 1);
  await wire.take([0xe0, ...two(511)]);
  await wire.take([0xe5, ...two(675)]);
  await wire.take([0xe0, ...two(511)]);
  simavr.applyMillivolts(0, 0);
  await wire.take([0xe0, 0, 0]);
  await ask(0xc0, 0, 0xc5, 0);
  wire.clear();
  assert.deepEqual(await ask(), []);
});

test("CircuitFirmata finds its way again after garbage", { skip }, async (t) => {
  const { ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  const versionQuery = 0xf9;
  const version = [0xf9, 2, 6];
  const garbage: readonly (readonly number[])[] = [
    [1, 2, 3],
    [0x91],
    [0x91, 0x20],
    [0xf4, 13],
    [0xf0],
    [0xf0, 0x6d],
    [0xf0, 0xf7],
    [0xf0, 0xf0, 0xf0],
    [0xf7, 0xf7],
    [0x80, 1, 1, 0xa0, 1, 0xb0, 0xf1, 0xf6, 0xfe, 7],
  ];
  for (const bytes of garbage) assert.deepEqual(await ask(...bytes, versionQuery), version);
});

test("CircuitFirmata never sticks, whatever it receives", { skip }, async (t) => {
  const { wire, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 0x7fff_ffff;
    return (seed >> 8) & 0xff;
  };
  for (let round = 0; round < 8; round++) {
    const noise = Array.from({ length: 256 }, random);
    wire.send(...noise);
    wire.send(0xff, 0xf9);
    await wire.take([0xf9, 2, 6]);
  }
  await ask(0xff); // what was to be reported before goes out first
  assert.deepEqual(await ask(0xf0, 0x6d, 13, 0xf7), [0xf0, 0x6e, 13, 1, 0, 0xf7]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { type Board, sentencesIn, skipWithoutSimavr, startBoard, two } from "./board.js";

const skip = skipWithoutSimavr;

/** simavr-pty's device with 256 registers. */
const DEVICE = 0x50;
const NOBODY = 0x23;

const READ = 0x08;
const READ_CONTINUOUSLY = 0x10;
const STOP_READING = 0x18;
const TEN_BIT = 0x20;
const RESTART = 0x40;

const CONFIGURE = [0xf0, 0x78, 0, 0, 0xf7];
const i2c = (address: number, kind: number, ...values: number[]) => [
  ...[0xf0, 0x76, address, kind],
  ...values.flatMap(two),
  0xf7,
];
const reply = (address: number, register: number, ...values: number[]) => [
  ...[0xf0, 0x77, ...two(address), ...two(register)],
  ...values.flatMap(two),
  0xf7,
];

/** Starts a board with three bytes in the device, from register 16. */
async function startWithData(t: Parameters<typeof startBoard>[0]): Promise<Board> {
  const board = await startBoard(t, CIRCUIT_UNO_HEX);
  await board.ask(...CONFIGURE, ...i2c(DEVICE, 0, 16, 1, 200, 255));
  return board;
}

test("I2C writes to a register and reads it back, once", { skip }, async (t) => {
  const { wire } = await startWithData(t);
  wire.send(...i2c(DEVICE, READ, 16, 3));
  await wire.take(reply(DEVICE, 16, 1, 200, 255));
  wire.send(...i2c(DEVICE, READ | RESTART, 17, 2));
  await wire.take(reply(DEVICE, 17, 200, 255));
});

test("I2C reads without a register from where the device is", { skip }, async (t) => {
  const { wire } = await startWithData(t);
  wire.send(...i2c(DEVICE, 0, 16), ...i2c(DEVICE, READ, 2));
  await wire.take(reply(DEVICE, 0, 1, 200));
});

test("I2C reads up to 64 bytes", { skip }, async (t) => {
  const { wire } = await startWithData(t);
  wire.send(...i2c(DEVICE, READ, 16, 64));
  await wire.take(reply(DEVICE, 16, 1, 200, 255, ...new Array(61).fill(0)));
});

test("I2C reads continuously until it is stopped", { skip }, async (t) => {
  const { wire, ask } = await startWithData(t);
  await ask(0xf0, 0x7a, ...two(5), 0xf7, ...i2c(DEVICE, READ_CONTINUOUSLY, 16, 1));
  for (let times = 0; times < 3; times++) await wire.take(reply(DEVICE, 16, 1));
  await ask(...i2c(DEVICE, STOP_READING));
  await ask(0xf0, 0x6b, 0xf7); // takes longer than a read that was under way
  assert.deepEqual(await ask(), []);
});

test("I2C waits between register and reading for as long as it is configured", { skip }, async (t) => {
  const { wire, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(0xf0, 0x78, ...two(2_000), 0xf7, ...i2c(DEVICE, 0, 3, 77));
  wire.send(...i2c(DEVICE, READ, 3, 1));
  await wire.take(reply(DEVICE, 3, 77));
});

test("I2C to nobody costs a message and no time", { skip }, async (t) => {
  const { wire, ask } = await startWithData(t);
  wire.send(...i2c(NOBODY, 0, 1), ...i2c(NOBODY, READ, 1, 1), ...i2c(DEVICE, READ, 16, 1));
  const bytes = await wire.take(reply(DEVICE, 16, 1));
  assert.equal(sentencesIn(bytes).length, 2);
  for (const sentence of sentencesIn(bytes)) assert.match(sentence, /^I2C 0x23: /);
  assert.deepEqual(await ask(0xf9), [0xf9, 2, 6]);
});

const REFUSED: readonly (readonly [readonly number[], string])[] = [
  [i2c(DEVICE, TEN_BIT, 1), "I2C 0x50: no 10-bit addresses"],
  [i2c(DEVICE, READ, 1, 0), "I2C 0x50: reads are of 1 to 64 bytes"],
  [i2c(DEVICE, READ, 1, 65), "I2C 0x50: reads are of 1 to 64 bytes"],
  [i2c(DEVICE, READ), "I2C 0x50: reads are of 1 to 64 bytes"],
];

test("I2C refuses what it cannot do", { skip }, async (t) => {
  const { complaints } = await startWithData(t);
  for (const [request, words] of REFUSED) assert.deepEqual(await complaints(...request), [words]);
});

test("I2C ends when one of its pins is put to another use", { skip }, async (t) => {
  const { ask, complaints } = await startWithData(t);
  await ask(0xf4, 18, 1);
  assert.deepEqual(await complaints(...i2c(DEVICE, 0, 1)), ["I2C 0x50: configure I2C first"]);
  assert.deepEqual(await ask(0xf5, 18, 1, 0xf0, 0x6d, 18, 0xf7), [0xf0, 0x6e, 18, 1, 1, 0xf7]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { skipWithoutSimavr, startBoard } from "./board.js";

const skip = skipWithoutSimavr;
const ECHO_ON = [0xf0, 1, 1, 1, 0xf7];
const ECHO_OFF = [0xf0, 1, 1, 0, 0xf7];

interface Echo {
  readonly port: number;
  readonly levels: number;
  readonly count: number;
}

/** An answer without those to `ECHO_ON`. */
function withoutAnswers(bytes: readonly number[]): number[] {
  const text = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const rest = text.replaceAll(/ ?\bf0 01 01 01 f7\b/g, "").trim();
  return rest === "" ? [] : rest.split(" ").map((byte) => Number.parseInt(byte, 16));
}

/** All echoes among the bytes of an answer that holds nothing else but answers to `ECHO_ON`. */
function echoesIn(answer: readonly number[]): Echo[] {
  const bytes = withoutAnswers(answer);
  const echoes: Echo[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [status = 0, low = 0, high = 0] = bytes.slice(at);
    assert.equal(status & 0xf0, 0xa0, `byte ${at} begins an echo`);
    const value = low | (high << 7);
    echoes.push({ port: status & 0x0f, levels: value & 0xff, count: value >> 8 });
  }
  return echoes;
}

test("the echo is off until it is asked for, and off again after a reset", { skip }, async (t) => {
  const { ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  assert.deepEqual(await ask(0x91, 1, 0), []);
  assert.equal(echoesIn(await ask(...ECHO_ON, 0x91, 1, 0)).length, 1);
  assert.deepEqual(await ask(0xff, 0x91, 1, 0), []);
  assert.deepEqual(await ask(...ECHO_ON, ...ECHO_OFF, 0x91, 1, 0), [...ECHO_ON, ...ECHO_OFF]);
});

test("the echo tells the levels of a port's outputs after each write", { skip }, async (t) => {
  const { ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  const bytes = await ask(
    ...ECHO_ON,
    ...[0xf4, 2, 11, 0xf4, 4, 0], // neither a pull-up nor an input is an output
    ...[0x90, 0x7f, 1],
    ...[0xf5, 7, 0],
    ...[0x91, 0x21, 0],
    ...[0xf4, 16, 1, 0xf5, 16, 1],
    ...[0xf5, 14, 1], // an analog pin is left alone; the write was executed all the same
  );
  assert.deepEqual(echoesIn(bytes), [
    { port: 0, levels: 0b1110_1000, count: 1 },
    { port: 0, levels: 0b0110_1000, count: 2 },
    { port: 1, levels: 0b0010_0001, count: 3 },
    { port: 2, levels: 0b0000_0001, count: 4 },
    { port: 1, levels: 0b0010_0001, count: 5 },
  ]);
});

test("a write that is refused is neither counted nor echoed", { skip }, async (t) => {
  const { ask, complaints } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(...ECHO_ON);
  assert.equal((await complaints(0x93, 1, 0, 0xf5, 20, 1)).length, 2);
  assert.deepEqual(echoesIn(await ask(0x91, 1, 0)), [{ port: 1, levels: 1, count: 1 }]);
});

test("turning the echo on starts the count again", { skip }, async (t) => {
  const { ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(...ECHO_ON, 0x91, 1, 0, 0x91, 0, 0);
  assert.deepEqual(echoesIn(await ask(...ECHO_ON, 0x91, 1, 0)), [{ port: 1, levels: 1, count: 1 }]);
});

test("a saturated wire loses no write, and the count goes round", { skip }, async (t) => {
  const { simavr, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  const writes = 200;
  const bytes = Array.from({ length: writes }, (_, index) => [0x91, index % 2 ? 0 : 0x20, 0]).flat();
  const echoes = echoesIn(await ask(...ECHO_ON, ...bytes));
  assert.equal(simavr.edges.filter(({ pin }) => pin === 13).length, writes);
  assert.equal(echoes.at(-1)?.count, writes % 64);
  assert.ok(echoes.length >= writes / 48, `${echoes.length} echoes of ${writes} writes`);
});

test("echoes that find no room follow when there is some, never 64 writes late", { skip }, async (t) => {
  const { ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  const capabilityQuery = [0xf0, 0x6b, 0xf7];
  const writes = 70;
  const bytes = Array.from({ length: writes }, () => [0x91, 0x20, 0]).flat();
  const first = await ask(...ECHO_ON, ...capabilityQuery, ...capabilityQuery, ...bytes);
  const answer = [...first, ...(await ask())]; // an answer may overtake the last echo
  const echoes = echoesIn(answer.slice(answer.lastIndexOf(0xf7) + 1));
  assert.equal(echoes.at(-1)?.count, writes % 64);
  for (const [index, { count }] of echoes.entries()) {
    const before = echoes[index - 1]?.count ?? 0;
    assert.ok(((count - before) & 63) <= 48, `${count} after ${before}`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import type { Edge } from "../native/simavr.js";
import { skipWithoutSimavr, startBoard, three, two } from "./board.js";

const skip = skipWithoutSimavr;
const PIN = 8;

const play = (pin: number, hertz: number, ms: number) => [
  ...[0xf0, 2, pin],
  ...three(Math.round(hertz * 100)),
  ...three(ms),
  0xf7,
];
const stop = (pin: number) => [0xf0, 2, pin, 0xf7];
const stateOf = (pin: number) => [0xf0, 0x6d, pin, 0xf7];

const of = (edges: readonly Edge[], pin: number) => edges.filter((edge) => edge.pin === pin);

/** Mean pitch between the first rise and the last. */
function hertzOf(edges: readonly Edge[]): number {
  const rises = edges.filter(({ level }) => level === 1);
  const lasted = (rises.at(-1)?.us ?? 0) - (rises[0]?.us ?? 0);
  return ((rises.length - 1) * 1e6) / lasted;
}

for (const hertz of [31, 440, 1000, 4186, 5000]) {
  test(`a tone of ${hertz} Hz is in tune within a cent`, { skip }, async (t) => {
    const { simavr, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
    const ms = Math.max(200, Math.ceil(8_000 / hertz));
    await ask(...play(PIN, hertz, ms));
    const expected = Math.floor((2 * hertz * ms) / 1000) & ~1;
    const edges = await simavr.until(`end of ${expected} edges`, (all) => {
      const made = of(all, PIN);
      return made.length >= expected ? made : undefined;
    });
    assert.equal(edges.at(-1)?.level, 0);
    // The edges are told in whole microseconds: over that many milliseconds two of them leave this open.
    const openCents = (1200 / Math.LN2) * (2 / (ms * 1000));
    const cents = 1200 * Math.log2(hertzOf(edges) / hertz);
    assert.ok(Math.abs(cents) < 1 + openCents, `${cents} cents`);
  });
}

test("a tone plays until it is stopped, and leaves its pin low", { skip }, async (t) => {
  const { simavr, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(...play(PIN, 2_000, 0));
  assert.deepEqual(await ask(...stateOf(PIN)), [0xf0, 0x6e, PIN, 14, ...two(2_000), 0xf7]);
  await simavr.until("100 edges", (edges) => (of(edges, PIN).length >= 100 ? true : undefined));
  assert.deepEqual(await ask(...stop(PIN), ...stateOf(PIN)), [0xf0, 0x6e, PIN, 14, 0, 0xf7]);
  const made = of(simavr.edges, PIN).length;
  await ask();
  assert.equal(of(simavr.edges, PIN).length, made);
  assert.equal(of(simavr.edges, PIN).at(-1)?.level, 0);
});

test("a tone keeps its state when it ends by itself", { skip }, async (t) => {
  const { simavr, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(...play(PIN, 440.6, 10));
  await simavr.until("8 edges", (edges) => (of(edges, PIN).length === 8 ? true : undefined));
  assert.deepEqual(await ask(...stateOf(PIN)), [0xf0, 0x6e, PIN, 14, ...two(441), 0xf7]);
});

test("a start on another pin ends the tone before, and another mode does", { skip }, async (t) => {
  const { simavr, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(...play(PIN, 500, 0), ...play(9, 600, 0));
  const before = of(simavr.edges, PIN).length;
  await simavr.until("edges on 9", (edges) => (of(edges, 9).length > 8 ? true : undefined));
  assert.equal(of(simavr.edges, PIN).length, before);
  assert.equal(of(simavr.edges, PIN).at(-1)?.level, 0);
  assert.deepEqual(await ask(0xf4, 9, 1, ...stateOf(9)), [0xf0, 0x6e, 9, 1, 0, 0xf7]);
  const after = of(simavr.edges, 9);
  await ask();
  assert.equal(of(simavr.edges, 9).length, after.length);
  assert.equal(after.at(-1)?.level, 0);
});

test("a start again begins a new phase and a new duration", { skip }, async (t) => {
  const { simavr, ask } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(...play(PIN, 31, 0), ...play(PIN, 1_000, 5));
  const edges = await simavr.until("12 edges", (all) =>
    of(all, PIN).length === 12 ? of(all, PIN) : undefined,
  );
  const levels = edges.map(({ level }) => level);
  assert.deepEqual(levels, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  const [, restart = 0, rise = 0] = edges.map(({ us }) => us);
  assert.ok(rise - restart < 50, `high again ${rise - restart} µs after it went low`);
});

const REFUSED: readonly (readonly [readonly number[], string])[] = [
  [play(PIN, 30.99, 0), "pin 8: no tone of 30 Hz, 31 to 5000 work"],
  [play(PIN, 5_000.01, 0), "pin 8: no tone of 5000 Hz, 31 to 5000 work"],
  [play(1, 440, 0), "pin 1: it is the serial line"],
  [play(20, 440, 0), "pin 20: there is none, the last is 19"],
  [[0xf0, 2, PIN, 1, 2, 0xf7], "sysex 0x02: takes 1 or 7 bytes"],
];

test("tones that cannot be are refused, and change nothing", { skip }, async (t) => {
  const { simavr, ask, complaints } = await startBoard(t, CIRCUIT_UNO_HEX);
  for (const [request, words] of REFUSED) assert.deepEqual(await complaints(...request), [words]);
  assert.deepEqual(await ask(...stateOf(PIN)), [0xf0, 0x6e, PIN, 1, 0, 0xf7]);
  assert.deepEqual(simavr.edges, []);
});

// simavr does not make Timer1's PWM: what is seen here is what the firmware says.
test("PWM of pins 9 and 10 is refused by name while a tone runs, and no longer", { skip }, async (t) => {
  const { ask, complaints } = await startBoard(t, CIRCUIT_UNO_HEX);
  const words = (pin: number) => `pin ${pin}: no PWM while a tone or a servo runs`;
  await ask(0xf4, 9, 3, 0xe9, 64, 0, ...play(PIN, 1_000, 0));
  assert.deepEqual(await complaints(0xf4, 10, 3), [words(10)]);
  assert.deepEqual(await complaints(0xe9, 100, 0), [words(9)]);
  assert.deepEqual(await complaints(0xf4, 11, 3, 0xeb, 100, 0), []);
  assert.deepEqual(await ask(...stateOf(10), ...stateOf(9)), [
    ...[0xf0, 0x6e, 10, 1, 0, 0xf7],
    ...[0xf0, 0x6e, 9, 3, 64, 0xf7],
  ]);
  assert.deepEqual(await complaints(...stop(PIN), 0xf4, 10, 3, 0xe9, 100, 0), []);
  assert.deepEqual(await ask(...stateOf(10), ...stateOf(9)), [
    ...[0xf0, 0x6e, 10, 3, 0, 0xf7],
    ...[0xf0, 0x6e, 9, 3, 100, 0xf7],
  ]);
});

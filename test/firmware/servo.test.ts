import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import type { Edge } from "../native/simavr.js";
import { type Board, skipWithoutSimavr, startBoard, three, two } from "./board.js";

const skip = skipWithoutSimavr;
const SERVO = 4;
const attach = (pin: number) => [0xf4, pin, SERVO];
const turn = (pin: number, value: number) => [0xf0, 0x6f, pin, ...two(value), 0xf7];

/** Widths and distances of pulses, in microseconds. */
function pulsesOf(edges: readonly Edge[], pin: number) {
  const own = edges.filter((edge) => edge.pin === pin);
  const rises = own.filter(({ level }) => level === 1);
  const falls = own.filter(({ level, us }) => level === 0 && us > (rises[0]?.us ?? Infinity));
  return {
    widths: falls.map(({ us }, index) => us - (rises[index]?.us ?? 0)),
    periods: rises.slice(1).map(({ us }, index) => us - (rises[index]?.us ?? 0)),
  };
}

/** The next `count` whole pulses. */
function nextPulses({ simavr }: Board, pin: number, count = 4) {
  const seen = simavr.edges.length;
  return simavr.until(`${count} pulses on ${pin}`, (edges) => {
    const pulses = pulsesOf(edges.slice(seen), pin);
    return pulses.widths.length >= count ? pulses : undefined;
  });
}

/** Two edges, each told in whole microseconds. */
const ROUNDING_US = 1;

function assertNear(actual: readonly number[], expected: number, what: string): void {
  for (const us of actual) {
    assert.ok(Math.abs(us - expected) <= ROUNDING_US, `${what} of ${us} µs instead of ${expected}`);
  }
}

const WIDTHS: readonly (readonly [string, readonly number[], number])[] = [
  ["at first", [], 1_500],
  ["at 0 degrees", turn(5, 0), 544],
  ["at 90 degrees", turn(5, 90), 1_472],
  ["at 180 degrees", turn(5, 180), 2_400],
  ["beyond 180 degrees", turn(5, 300), 2_400],
  ["by microseconds", turn(5, 1_800), 1_800],
  ["by too many microseconds", turn(5, 9_000), 2_400],
  ["configured, at 180 degrees", [0xf0, 0x70, 5, ...two(1_000), ...two(2_000), 0xf7, ...turn(5, 180)], 2_000],
  ["configured, by too few microseconds", turn(5, 600), 1_000],
];

test("a servo gets a pulse every 20 ms", { skip }, async (t) => {
  const board = await startBoard(t, CIRCUIT_UNO_HEX);
  await board.ask(...attach(5));
  for (const [when, request, widthUs] of WIDTHS) {
    await t.test(when, async () => {
      await board.ask(...request);
      await nextPulses(board, 5, 1);
      const { widths, periods } = await nextPulses(board, 5, 2);
      assertNear(widths, widthUs, "pulse");
      assertNear(periods, 20_000, "period");
    });
  }
});

test("a servo that is detached gets no more pulses and stays low", { skip }, async (t) => {
  const board = await startBoard(t, CIRCUIT_UNO_HEX);
  await board.ask(...attach(5), ...attach(6));
  await nextPulses(board, 5, 1);
  await board.ask(0xf4, 5, 1);
  const made = board.simavr.edges.filter(({ pin }) => pin === 5);
  assert.equal(made.at(-1)?.level, 0);
  await nextPulses(board, 6, 2);
  assert.equal(board.simavr.edges.filter(({ pin }) => pin === 5).length, made.length);
});

test("twelve servos keep their pulses, and a thirteenth is refused", { skip }, async (t) => {
  const board = await startBoard(t, CIRCUIT_UNO_HEX);
  const pins = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
  await board.ask(...pins.flatMap((pin) => [...attach(pin), ...turn(pin, 600 + 140 * (pin - 2))]));
  assert.deepEqual(await board.complaints(...attach(14)), ["pin 14: no more than 12 servos"]);
  await nextPulses(board, 13, 1);
  await nextPulses(board, 13, 3);
  for (const pin of pins) {
    const { widths } = pulsesOf(board.simavr.edges.slice(-60), pin);
    assert.ok(widths.length > 0);
    assertNear(widths, 600 + 140 * (pin - 2), `pulse on ${pin}`);
  }
});

test("a tone and a full wire leave a servo's pulse as it is", { skip }, async (t) => {
  const board = await startBoard(t, CIRCUIT_UNO_HEX);
  await board.ask(...attach(5), 0xf0, 2, 8, ...three(100_000), ...three(0), 0xf7, 0xf0, 1, 1, 1, 0xf7);
  const writes = Array.from({ length: 400 }, (_, index) => [0x91, index % 2 ? 0x20 : 0, 0]).flat();
  const saturated = board.ask(...writes);
  const { widths, periods } = await nextPulses(board, 5, 10);
  await saturated;
  assertNear(widths, 1_500, "pulse");
  assertNear(periods, 20_000, "period");
});

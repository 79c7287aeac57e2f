import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { skipWithoutSimavr, startBoard, three, two } from "./board.js";
import { EmulatedBoard, PING } from "./emulated-board.js";

const OUTPUT = 1;
const ANALOG = 2;
const PWM = 3;
const SERVO = 4;
const I2C = 6;
const PULLUP = 0x0b;

const LOW = 0;
const HIGH = 1;
const INPUT = 2;

const RESET = 0xff;
const TRIPPED = [0xf0, 1, 5, 0xf7];
const arm = (ms: number, ...pairs: number[]) => [0xf0, 1, 4, ...two(ms), ...pairs, 0xf7];
const armed = (count: number) => [0xf0, 1, 4, count, 0xf7];
const stateOf = (pin: number) => [0xf0, 0x6d, pin, 0xf7];
const tone = (pin: number, hertz: number) => [0xf0, 2, pin, ...three(hertz * 100), 0, 0, 0, 0xf7];
const high = (pin: number) => [0xf5, pin, 1];

/** At 58 824 baud. */
const BYTE_MS = 0.17;

/** How much later than asked or earlier it may trip, in milliseconds: two ticks of the firmware's clock of 1.024 ms, and the work. */
const LATE_MS = 2.2;

for (const ms of [100, 500, 2_000, 16_383]) {
  test(`a silence of ${ms} ms trips it, to the tick`, () => {
    const board = new EmulatedBoard();
    board.ask(high(13), 5);
    const heardMs = board.nowMs + arm(ms, 13, LOW).length * BYTE_MS;
    assert.deepEqual(board.ask(arm(ms, 13, LOW), 5), armed(1));
    board.edgesOf(13);
    board.passMs(ms);
    const [fall, ...more] = board.edgesOf(13);
    assert.deepEqual(more, []);
    assert.equal(fall?.level, 0);
    const afterMs = (fall?.atUs ?? 0) / 1_000 - heardMs;
    assert.ok(afterMs > ms - LATE_MS && afterMs < ms + LATE_MS, `tripped after ${afterMs} ms`);
    assert.deepEqual(board.take(), TRIPPED);
  });
}

/** What a pin was told, its action, and the state that it has then. */
const PINS: readonly (readonly [
  string,
  readonly number[],
  pin: number,
  action: number,
  readonly number[],
])[] = [
  ["an output that is high goes low", high(13), 13, LOW, [OUTPUT, 0]],
  ["an output that is low goes high", [], 12, HIGH, [OUTPUT, 1]],
  ["an output becomes an input", high(13), 13, INPUT, [0, 0]],
  ["PWM ends", [0xf4, 9, PWM, 0xe9, ...two(200)], 9, LOW, [OUTPUT, 0]],
  ["PWM ends high", [0xf4, 3, PWM, 0xe3, ...two(7)], 3, HIGH, [OUTPUT, 1]],
  ["a servo ends", [0xf4, 5, SERVO], 5, LOW, [OUTPUT, 0]],
  ["a servo becomes an input", [0xf4, 5, SERVO], 5, INPUT, [0, 0]],
  ["a tone ends", tone(8, 440), 8, LOW, [OUTPUT, 0]],
  ["a pull-up ends", [0xf4, 4, PULLUP], 4, INPUT, [0, 0]],
  ["an analog input becomes an output", [0xf4, 14, ANALOG, 0xc0, 1], 14, HIGH, [OUTPUT, 1]],
  ["I2C ends", [0xf0, 0x78, 0, 0, 0xf7], 18, LOW, [OUTPUT, 0]],
  ["a pin that was not named stays", [...high(13), 0xf4, 19, I2C], 12, LOW, [OUTPUT, 0]],
];

for (const [what, told, pin, action, state] of PINS) {
  test(`when it trips, ${what}`, () => {
    const board = new EmulatedBoard();
    board.ask([...told, ...arm(100, pin, action)], 20);
    board.passMs(110);
    board.take();
    assert.deepEqual(board.ask(stateOf(pin), 20), [0xf0, 0x6e, pin, ...state, 0xf7]);
    board.edgesOf(pin);
    board.passMs(100);
    assert.deepEqual(board.edgesOf(pin), [], "the pin is not quiet");
  });
}

test("when it trips, a tone ends on whatever pin, low", () => {
  const board = new EmulatedBoard();
  board.ask([...tone(8, 1_000), ...arm(200, 13, LOW)], 50);
  assert.ok(board.edgesOf(8).length > 50);
  board.passMs(160);
  assert.equal(board.edgesOf(8).at(-1)?.level, 0);
  board.passMs(100);
  assert.deepEqual(board.edgesOf(8), []);
});

test("all pins may be named, the last action of each counts", () => {
  const board = new EmulatedBoard();
  const pins = Array.from({ length: 18 }, (_, index) => index + 2);
  const pairs = pins.flatMap((pin) => [pin, HIGH]);
  assert.deepEqual(board.ask(arm(100, ...pairs, 13, LOW), 30), armed(19));
  board.passMs(110);
  for (const pin of pins) assert.equal(board.uno.level(pin), pin === 13 ? 0 : 1, `pin ${pin}`);
});

test("any byte keeps it alive", () => {
  const board = new EmulatedBoard();
  board.ask([...high(13), ...arm(100, 13, LOW)], 20);
  for (let times = 0; times < 20; times++) {
    board.send(times % 2 ? 1 : 0xf9);
    board.passMs(95);
  }
  assert.equal(board.uno.level(13), 1);
  board.passMs(10);
  assert.equal(board.uno.level(13), 0);
});

/** What comes after it was armed for 100 ms, and whether pin 13 is high 300 ms later. */
const DISARMED: readonly (readonly [string, readonly number[], level: 0 | 1])[] = [
  ["nothing", [], 0],
  ["a time of 0", arm(0), 1],
  ["a time of 0 with pins", arm(0, 13, LOW), 1],
  ["a reset, which is told all anew", [RESET, ...high(13)], 1],
  ["a longer time", arm(1_000, 13, LOW), 1],
  ["another pin", arm(100, 12, HIGH), 1],
  ["a refusal", arm(99, 12, HIGH), 0],
  ["a refusal of one pin of two", arm(200, 12, HIGH, 1, LOW), 0],
];

for (const [what, bytes, level] of DISARMED) {
  test(`armed, then told ${what}, it leaves pin 13 at ${level}`, () => {
    const board = new EmulatedBoard();
    board.ask([...high(13), ...arm(100, 13, LOW)], 20);
    board.ask(bytes, 300);
    assert.equal(board.uno.level(13), level);
  });
}

test("tripped, it is not armed any more, and may be armed again", () => {
  const board = new EmulatedBoard();
  board.ask(arm(100, 13, LOW), 120);
  board.ask(high(13), 1_000);
  assert.equal(board.uno.level(13), 1);
  assert.deepEqual(board.ask(arm(100, 13, LOW), 50), armed(1));
  board.passMs(60);
  assert.equal(board.uno.level(13), 0);
  assert.deepEqual(board.take(), TRIPPED);
});

test("a plain Firmata client never arms it, however long it is silent", () => {
  const board = new EmulatedBoard();
  const session = [
    ...[0xf9, 0xf0, 0x79, 0xf7, 0xf0, 0x6b, 0xf7, 0xf0, 0x69, 0xf7],
    ...[
      0xf0,
      0x7a,
      ...two(100),
      0xf7,
      0xd0,
      1,
      0xd1,
      1,
      0xc0,
      1,
      0xf4,
      13,
      OUTPUT,
      ...high(13),
      0xf4,
      5,
      SERVO,
    ],
    ...tone(8, 440),
  ];
  board.ask(session, 100);
  board.passMs(20_000);
  assert.equal(board.uno.level(13), 1);
  board.edgesOf(8);
  board.passMs(10);
  assert.ok(board.edgesOf(8).length > 0, "the tone has ended");
});

test("at 1 000 000 baud it trips too, and tells the host that listens there", () => {
  const board = new EmulatedBoard();
  board.agree(2);
  board.ask([...high(13), ...arm(500, 13, LOW)], 5);
  board.passMs(500);
  assert.equal(board.uno.level(13), 0);
  assert.deepEqual(board.take(), TRIPPED);
  assert.deepEqual(board.ask(PING(1), 1), PING(1));
});

test("the chip sleeps until it trips", () => {
  const board = new EmulatedBoard();
  board.ask(arm(1_000, 13, LOW), 20);
  let asleep = 0;
  for (let look = 0; look < 100; look++) {
    board.passMs(1.037);
    if (board.uno.asleep) asleep++;
  }
  assert.ok(asleep > 90, `asleep in ${asleep} of 100 looks`);
});

test("on simavr it trips while the host is silent", { skip: skipWithoutSimavr }, async (t) => {
  const { simavr, ask, wire } = await startBoard(t, CIRCUIT_UNO_HEX);
  await ask(...high(13), ...arm(100, 13, LOW));
  await simavr.until("fall of pin 13", (edges) =>
    edges.find(({ pin, level }) => pin === 13 && level === 0) ? true : undefined,
  );
  await wire.take(TRIPPED);
});

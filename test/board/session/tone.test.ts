import assert from "node:assert/strict";
import { test } from "node:test";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { firmwareTone, toggledTone } from "../../../src/board/session/tones/tone.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { FrameSplitter } from "../../../src/firmata/frames.js";
import { decodeToBoard, type ToBoard } from "../../../src/firmata/to-board.js";

const BYTES_PER_SECOND = 5_760;

/** A toggled tone, and when each level of pin 8 begins on the wire, in milliseconds. */
function toggled() {
  const clock = new ManualClock();
  const wire: { readonly bytes: Uint8Array; readonly arrivedMs: number }[] = [];
  let freeMs = 0;
  const wireFreeAtMs = () => Math.max(freeMs, clock.now());
  const put = (bytes: Uint8Array) => {
    freeMs = wireFreeAtMs() + (bytes.length / BYTES_PER_SECOND) * 1_000;
    wire.push({ bytes, arrivedMs: freeMs });
  };
  const driver = toggledTone({
    send: put,
    pad: put,
    levelsOf: () => 0b10,
    clock,
    bytesPerSecond: BYTES_PER_SECOND,
    wireFreeAtMs,
  });
  const levels = () => {
    const found: { readonly level: number; readonly atMs: number }[] = [];
    for (const { bytes, arrivedMs } of wire) {
      if (bytes[0] === 0x91) found.push({ level: (bytes[1] ?? 0) & 1, atMs: arrivedMs });
    }
    return found;
  };
  const play = (ms: number) => {
    for (let step = 0; step < ms; step++) clock.advance(1);
  };
  return { driver, clock, wire, levels, play, put };
}

for (const frequencyHz of [31, 100, 440, 523.25, 900]) {
  test(`toggledTone() makes ${frequencyHz} Hz by the wire's clock`, () => {
    const { driver, levels, play, clock } = toggled();
    driver.start(8, frequencyHz, 500);
    play(700);
    const rises = levels().filter(({ level }) => level === 1);
    const [first] = rises;
    const last = rises.at(-1);
    assert.ok(first && last);
    const meanHz = ((rises.length - 1) / (last.atMs - first.atMs)) * 1_000;
    assert.ok(Math.abs(meanHz / frequencyHz - 1) < 0.002, `${meanHz} Hz`);
    assert.equal(rises.length, Math.round(frequencyHz / 2), "half a second of periods");
    assert.equal(levels().at(-1)?.level, 0, "it ends low");
    assert.equal(clock.pending, 0);
  });
}

test("toggledTone() keeps the other pins of the port, and sends nothing but levels and bytes that do nothing", () => {
  const { driver, wire, play } = toggled();
  driver.start(8, 440, 50);
  play(100);
  for (const { bytes } of wire) {
    if (bytes[0] === 0x91) assert.equal((bytes[1] ?? 0) & ~1, 0b10);
    else assert.ok(bytes.every((byte) => byte === 0));
  }
});

test("toggledTone() begins anew at the next start, and stops low with little left on the wire", () => {
  const { driver, levels, play, clock } = toggled();
  driver.start(8, 440, 1_000);
  play(100);
  driver.start(8, 200, 1_000);
  play(100);
  driver.stop(8);
  const stoppedMs = clock.now();
  play(100);
  const last = levels().at(-1);
  assert.equal(last?.level, 0);
  assert.ok((last?.atMs ?? 0) < stoppedMs + 25, `${last?.atMs} after ${stoppedMs}`);
});

test("toggledTone() sends the first level at once and the rest a turn later, so that a query need not wait", () => {
  const { driver, wire, clock } = toggled();
  driver.start(8, 440, 100);
  assert.equal(wire.length, 1);
  clock.advance(0);
  assert.ok(wire.length > 1);
});

test("toggledTone() keeps its pitch and never falls behind when others use the wire", () => {
  const { driver, wire, levels, put, clock } = toggled();
  driver.start(8, 440, 1_000);
  for (let step = 0; step < 900; step++) {
    // Three bytes each 5 ms: a tenth of the wire.
    if (step % 5 === 0) put(Uint8Array.of(0xf4, 13, 1));
    clock.advance(1);
    assert.ok((wire.at(-1)?.arrivedMs ?? 0) < clock.now() + 25);
  }
  const rises = levels().filter(({ level }) => level === 1);
  const meanHz = ((rises.length - 1) / ((rises.at(-1)?.atMs ?? 0) - (rises[0]?.atMs ?? 0))) * 1_000;
  assert.ok(Math.abs(meanHz / 440 - 1) < 0.002, `${meanHz} Hz`);
});

const REFUSED: readonly (readonly [what: string, frequencyHz: number, durationMs: number])[] = [
  ["too low", 30.9, 100],
  ["too high for the wire", 901, 100],
  ["no number", Number.NaN, 100],
  ["with a negative duration", 440, -1],
  ["without an end", 440, Number.POSITIVE_INFINITY],
];
for (const [what, frequencyHz, durationMs] of REFUSED) {
  test(`toggledTone() refuses a tone that is ${what}`, () => {
    const { driver, wire } = toggled();
    assert.throws(() => driver.start(8, frequencyHz, durationMs), { code: "TONE_REFUSED" });
    assert.deepEqual(wire, []);
  });
}

test("firmwareTone() sends a pitch in hundredths of a hertz, and refuses what the firmware would", () => {
  const sent: ToBoard[] = [];
  const splitter = new FrameSplitter("toBoard", { frame: (frame) => sent.push(decodeToBoard(frame)) });
  const driver = firmwareTone(
    (frame) => splitter.push(frame),
    () => [],
  );
  driver.start(8, 523.251, 0.2);
  driver.stop(8);
  assert.deepEqual(sent, [
    { type: "tone", pin: 8, centihertz: 52_325, durationMs: 1 },
    { type: "noTone", pin: 8 },
  ]);
  for (const hz of [30, 5_001]) assert.throws(() => driver.start(8, hz, 10), { code: "TONE_REFUSED" });
});

test("five.Piezo sounds by the board, unchanged in the user's code", async () => {
  const link = new MockBoard();
  const session = await openSession({ link });
  const piezo = new five.Piezo({ pin: 8, board: session.board });
  piezo.frequency(440, 100);
  await session.board.confirm();
  assert.deepEqual(link.pin(8), { mode: 0x0e, value: 440 });
  piezo.note("c5", 50);
  await session.board.confirm();
  assert.equal(link.pin(8).value, 523);
  piezo.off();
  await session.board.confirm();
  assert.equal(link.pin(8).value, 0);
  await session.close();
});

test("five.Piezo refuses a tune before its first note when a later one is out of range", async () => {
  const link = new MockBoard();
  const session = await openSession({ link });
  const piezo = new five.Piezo({ pin: 8, board: session.board });
  assert.throws(
    () =>
      piezo.play({
        song: [
          ["a4", 1],
          ["c8", 1],
          ["b8", 1],
        ],
      }),
    { code: "TONE_REFUSED" },
  );
  assert.throws(() => piezo.play({ song: "a4 b8" }), { code: "TONE_REFUSED" });
  assert.equal(link.pin(8).value, 0);
  await session.close();
});

test("five.Piezo refuses what no wire carries where Johnny-Five sounds it by itself", async () => {
  const session = await openSession({ link: new MockBoard({ firmware: "standard" }) });
  const piezo = new five.Piezo({ pin: 8, board: session.board });
  assert.throws(() => piezo.frequency(2_000, 10), { code: "TONE_REFUSED" });
  assert.throws(() => piezo.tone(100, 10), { code: "TONE_REFUSED" });
  piezo.frequency(440, 5).noTone();
  await session.close();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { PIN_MODE } from "../../../src/firmata/protocol.js";
import { encodeToBoard, type ToBoard } from "../../../src/firmata/to-board.js";
import { encodeToHost, type ToHost } from "../../../src/firmata/to-host.js";
import type { Entry } from "../../../src/record/entry.js";
import { BoardReader } from "../../../src/record/export/board-reader.js";
import type { Happening } from "../../../src/record/export/happening.js";

const opened = (baud = 0): Entry => ({
  ...{ kind: "board", board: "desk", what: "opened", address: "/dev/ttyACM0", baud, atMs: 0 },
});
const bytes = (kind: "to-board" | "to-host", atMs: number, parts: readonly Uint8Array[]): Entry => ({
  ...{ kind, board: "desk", bytes: Buffer.concat(parts), atMs },
});
const write = (atMs: number, ...messages: ToBoard[]) => bytes("to-board", atMs, messages.map(encodeToBoard));
const said = (atMs: number, ...messages: ToHost[]) => bytes("to-host", atMs, messages.map(encodeToHost));
const mode = (pin: number, mode: number): ToBoard => ({ type: "pinMode", pin, mode });
const levels = (port: number, levels: number) => ({ type: "digitalPort", port, levels }) as const;

function happenings(entries: readonly Entry[], endMs = 1_000): Happening[] {
  const told: Happening[] = [];
  const reader = new BoardReader("desk", (happening) => told.push(happening));
  for (const entry of entries) if ("board" in entry) reader.take(entry);
  reader.passTo(endMs);
  return told;
}

/** Pin, level and time of each change. */
const changes = (entries: readonly Entry[], endMs?: number) =>
  happenings(entries, endMs).flatMap((each) =>
    each.kind === "level" ? [`${each.pin} ${each.level} ${Number(each.atMs.toFixed(3))}`] : [],
  );

const STORIES: readonly { name: string; entries: readonly Entry[]; changes: readonly string[] }[] = [
  {
    name: "outputs have the levels that are written to their port or to them",
    entries: [
      write(10, mode(13, PIN_MODE.output), mode(8, PIN_MODE.output)),
      write(20, levels(1, 0b10_0000)),
      write(30, { type: "digitalPin", pin: 8, level: 1 }, levels(1, 0b10_0001)),
      write(40, levels(1, 0)),
    ],
    changes: ["13 0 10", "8 0 10", "13 1 20", "8 1 30", "8 0 40", "13 0 40"],
  },
  {
    name: "inputs have the levels that the board reports, outputs do not",
    entries: [
      write(10, mode(2, PIN_MODE.pullup), mode(3, PIN_MODE.output)),
      said(20, levels(0, 0b1100)),
      said(30, levels(0, 0b1000)),
    ],
    changes: ["2 unknown 10", "3 0 10", "2 1 20", "2 0 30"],
  },
  {
    name: "a PWM output is low or high at its ends and neither between them; a servo's pulses are not told",
    entries: [
      write(10, mode(3, PIN_MODE.pwm), mode(9, PIN_MODE.servo)),
      write(20, { type: "analog", pin: 3, value: 100 }, { type: "analog", pin: 9, value: 90 }),
      write(30, { type: "extendedAnalog", pin: 3, value: 255 }),
      write(40, { type: "analog", pin: 3, value: 0 }),
    ],
    changes: ["3 0 10", "9 unknown 10", "3 unknown 20", "3 1 30", "3 0 40"],
  },
  {
    name: "a tone is a square wave that lasts as long as it was asked for, or until it is stopped",
    entries: [
      write(10, { type: "tone", pin: 8, centihertz: 10_000, durationMs: 13 }),
      write(100, { type: "tone", pin: 8, centihertz: 50_000, durationMs: 0 }),
      write(102.5, { type: "noTone", pin: 8 }),
    ],
    changes: ["8 1 10", "8 0 15", "8 1 20", "8 0 23", "8 1 100", "8 0 101", "8 1 102", "8 0 102.5"],
  },
  {
    name: "bytes arrive one after the other on a line with a speed, also those of a message in two pieces",
    entries: [
      opened(10_000),
      write(10, mode(8, PIN_MODE.output), levels(1, 1), levels(1, 0), levels(1, 1)),
      bytes("to-board", 11, [Uint8Array.of(0x91)]),
      bytes("to-board", 30, [Uint8Array.of(0, 0)]),
    ],
    changes: ["8 0 13", "8 1 16", "8 0 19", "8 1 22", "8 0 32"],
  },
  {
    name: "nothing is known of a board that was lost or reset, and what was on its way never came",
    entries: [
      opened(10_000),
      write(10, mode(8, PIN_MODE.output), levels(1, 1)),
      { ...{ kind: "board", board: "desk", what: "lost", address: "", baud: 0, atMs: 14 } },
      { ...{ kind: "board", board: "desk", what: "opened", address: "", baud: 0, atMs: 50 } },
      write(60, levels(1, 1), mode(8, PIN_MODE.output), { type: "reset" }),
    ],
    changes: ["8 0 13", "8 unknown 14", "8 0 60", "8 unknown 60"],
  },
  {
    name: "pins are safe when the dead-man has tripped",
    entries: [
      write(
        10,
        mode(8, PIN_MODE.output),
        levels(1, 1),
        mode(9, PIN_MODE.output),
        levels(1, 3),
        mode(10, PIN_MODE.output),
        {
          ...{ type: "safe", silenceMs: 500 },
          pins: [
            { pin: 8, state: 0 },
            { pin: 9, state: "input" },
            { pin: 10, state: 1 },
          ],
        },
      ),
      said(700, { type: "tripped" }),
    ],
    changes: [
      ...["8 0 10", "8 1 10", "9 0 10", "9 1 10", "10 0 10"],
      ...["8 0 700", "9 unknown 700", "10 1 700"],
    ],
  },
  {
    name: "noise is no message",
    entries: [
      bytes("to-board", 10, [Uint8Array.of(0x55, 0xf4, 0x90, 0xf0, 0x02, 0xf7, 0xf0, 0x6f, 3, 0xf7)]),
      bytes("to-host", 11, [Uint8Array.of(0xf0, 0xf7, 0xc0, 0x12, 0xe0)]),
      write(20, mode(8, PIN_MODE.output)),
    ],
    changes: ["8 0 20"],
  },
];

for (const { name, entries, changes: expected } of STORIES)
  test(`of a wire: ${name}`, () => assert.deepEqual(changes(entries), expected));

test("of a wire: analog samples by their channels, and which pins these are", () => {
  const told = happenings([
    said(5, { type: "analogMapping", channels: [0x7f, 0x7f, 0] }),
    said(10, { type: "analog", channel: 0, value: 675 }),
  ]);
  const board = "desk";
  assert.deepEqual(told, [
    { kind: "channel", pin: 2, channel: 0, board, atMs: 5 },
    { kind: "sample", channel: 0, value: 675, board, atMs: 10 },
  ]);
});

test("of a wire: the same whatever pieces its bytes came in", () => {
  const whole = STORIES.filter(({ name }) => !/speed|lost/.test(name)).flatMap(({ entries }) => entries);
  const pieces = whole.flatMap((entry): Entry[] =>
    entry.kind === "to-board" || entry.kind === "to-host"
      ? [...entry.bytes].map((byte) => ({ ...entry, bytes: Uint8Array.of(byte) }))
      : [entry],
  );
  assert.deepEqual(changes(pieces), changes(whole));
});

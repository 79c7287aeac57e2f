import * as v from "valibot";
import { FIRMWARE_SILENCE_MS, FIRMWARE_TONE_HZ } from "../firmata/protocol.js";

/** A value that a person may set: the only place for its range, its default and its description. */
export interface Setting<Value extends string | number = string | number> {
  readonly description: string;
  /** What stands for the value in a help text: `seconds`. */
  readonly placeholder: string;
  readonly default: Value | undefined;
  readonly schema: v.GenericSchema<Value>;
}

type NumberRange = readonly [least: number, most: number];

function decimal(
  description: string,
  placeholder: string,
  [least, most]: NumberRange,
  standard?: number,
): Setting<number> {
  const range = `must be a number from ${least} to ${most}`;
  const schema = v.pipe(v.number(range), v.minValue(least, range), v.maxValue(most, range));
  return { description, placeholder, default: standard, schema };
}

/** A schema of whole numbers, whose message is the range. */
export function wholeNumber(least: number, most: number) {
  const range = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(range), v.integer(range), v.minValue(least, range), v.maxValue(most, range));
}

function whole(
  description: string,
  placeholder: string,
  [least, most]: NumberRange,
  standard?: number,
): Setting<number> {
  return { description, placeholder, default: standard, schema: wholeNumber(least, most) };
}

function text(description: string, placeholder: string, standard: string): Setting<string> {
  const schema = v.pipe(v.string("must be a text"), v.nonEmpty("must not be empty"));
  return { description, placeholder, default: standard, schema };
}

/** Firmata numbers pins with seven bits. */
const PINS: NumberRange = [0, 127];

/** A day: longer waits are better kept by a scheduler. */
const MOST_SECONDS = 86_400;

/** Options of the sketches that circuit brings, by sketch and option. */
export const SKETCH_SETTINGS = {
  clock: {
    ticks: whole("how many ticks to send, 0 for ever", "number", [0, 1e9], 5),
    delaySeconds: decimal("wait after each acknowledgement", "seconds", [0, MOST_SECONDS], 1),
    target: text("node that the ticks go to", "node", "iopin"),
  },
  iopin: {
    pin: whole("digital pin to toggle", "number", PINS, 13),
    chance: decimal("probability that a bit is 0", "share", [0, 1], 0.5),
    sequence: whole("bits for each tick", "number", [1, 1_000], 3),
    bitMs: decimal("wait after each bit", "ms", [0, 60_000], 0),
    target: text("node that the bits are streamed to", "node", "buzzer"),
  },
  buzzer: {
    piezo: whole("digital pin of the piezo", "number", PINS, 8),
    toneHz: decimal("pitch of the piezo", "hertz", [FIRMWARE_TONE_HZ.lowest, FIRMWARE_TONE_HZ.highest], 440),
    toneMs: whole("length of a tone", "ms", [1, 60_000], 100),
    sound: text("answer to a bit that sounds", "text", "buzz buzz buzz"),
  },
} as const satisfies Record<string, Record<string, Setting>>;

export type SketchName = keyof typeof SKETCH_SETTINGS;

/** Settings of a circuit as a whole. */
export const CIRCUIT_SETTINGS = {
  seed: whole("make the random bits repeatable", "number", [0, 2 ** 32 - 1]),
  patienceMs: whole("time for a board to come back", "ms", [0, 86_400_000]),
  silenceMs: whole("silence of the host after which pins are safe", "ms", [
    FIRMWARE_SILENCE_MS.shortest,
    FIRMWARE_SILENCE_MS.longest,
  ]),
  timeoutSeconds: decimal(
    "time for a peer to appear and for a tick's ack",
    "seconds",
    [0.001, MOST_SECONDS],
    30,
  ),
} as const satisfies Record<string, Setting>;

/** Settings of the commands that send events and listen to them. */
export const EVENT_SETTINGS = {
  sent: whole("send the message so often, 0 for ever", "number", [0, 1e9], 1),
  rate: decimal("events a second at most", "number", [0.001, 1e6]),
  waitSeconds: decimal("keep trying, for so long or for ever", "seconds", [0.001, MOST_SECONDS]),
  heard: whole("end after so many events", "number", [1, 1e9]),
  silenceSeconds: decimal("give up when nothing comes for so long", "seconds", [0.001, MOST_SECONDS]),
  retries: whole("tries after one that failed", "number", [0, 1_000], 4),
  parallel: whole("commands that run at the same time", "number", [1, 256], 1),
  commandSeconds: decimal("time that a command may take", "seconds", [0.001, MOST_SECONDS], 30),
  again: whole("hand a dead event to its listener once more", "number", [1, Number.MAX_SAFE_INTEGER]),
} as const satisfies Record<string, Setting>;

/** Ten years: what is to be kept for longer belongs into a database. */
const MOST_AGE_SECONDS = 315_360_000;

/** What a stream of durable events keeps; the engine has the defaults. */
export const KEEPING_SETTINGS = {
  maxAgeSeconds: whole("how long an event is kept", "seconds", [1, MOST_AGE_SECONDS]),
  // The least holds an event of the longest.
  maxBytes: whole("what is kept of all events together", "bytes", [131_072, Number.MAX_SAFE_INTEGER]),
  // What NATS admits.
  replicas: whole("servers of a cluster that keep each event", "number", [1, 5]),
} as const satisfies Record<string, Setting>;

export function isSketchName(name: string): name is SketchName {
  return Object.hasOwn(SKETCH_SETTINGS, name);
}

/** Names of the sketches that circuit brings, for messages. */
export const SKETCH_NAMES: readonly string[] = Object.keys(SKETCH_SETTINGS);

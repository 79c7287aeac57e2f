import * as v from "valibot";
import type { StopLevel } from "../board/session/board-session.js";
import { FIRMWARE_TONE_HZ, SAFE_STATES, type SafeState } from "../firmata/protocol.js";
import { findPatternProblem, findSubjectProblem, isReserved } from "../mesh/subject.js";
import { wholeNumber } from "./settings.js";

/** Which change of a pin is an event. */
export type EdgeChoice = "rising" | "falling" | "both";

/** A digital input that tells of its edges, such as a button between the pin and ground. */
export interface EdgePin {
  /** Subject that is published to, with `{ board, pin, level }`. */
  readonly edges: string;
  /** `falling` by default, which is a button pressed; `rising` without the pull-up. */
  readonly edge?: EdgeChoice;
  /** Whether the board holds the pin high while nothing else does. True by default. */
  readonly pullup?: boolean;
  /** How long a level must last to count, in milliseconds: a button's contacts bounce. 20 by default. */
  readonly debounceMs?: number;
}

/** An analog input, `A0` and so on, that tells when its reading crosses a threshold. */
export interface ThresholdPin {
  /** Subject that is published to, with `{ board, pin, level, value }`. */
  readonly edges: string;
  /** Reading, from 0 to 1023, from which on the level is 1. */
  readonly threshold: number;
  /** How far below the threshold the reading must fall until the level is 0 again. 10 by default: readings waver. */
  readonly hysteresis?: number;
  /** `rising` by default: the threshold is reached. */
  readonly edge?: EdgeChoice;
}

/** How a digital output is treated, whoever drives it. */
export interface OutputPin {
  /** What it is left as when the circuit stops. Low by default. */
  readonly stop?: StopLevel;
  /**
   * Whether it stays as it is when the circuit stops, or dies, and is taken over as it is when the next one starts. Not
   * together with `stop`.
   */
  readonly hold?: boolean;
  /**
   * Where it goes when the board has heard nothing for `silenceMs`, such as when this process has been killed: a level, or an
   * input, which drives nothing. Not together with `hold`.
   */
  readonly safe?: SafeState;
  /** Whether each value that is written reaches the board, in order, rather than the last where the wire is too slow for all. */
  readonly ordered?: boolean;
}

/** A digital output that reacts to events. */
export interface ReactingPin extends OutputPin {
  /** Pattern of the events. */
  readonly on: string;
  /**
   * What it does: `follow` takes the level from the event's data (0, 1, `true`, `false`, `{ level: 1 }`), `pulse` is high
   * for a while, `tone` sounds a piezo.
   */
  readonly do: "high" | "low" | "toggle" | "follow" | "pulse" | "tone";
  /** Length of a pulse or a tone, in milliseconds. 200 by default. */
  readonly forMs?: number;
  /** Pitch of a tone, in hertz. 440 by default. */
  readonly toneHz?: number;
}

export type PinDefinition = EdgePin | ThresholdPin | ReactingPin | OutputPin;

/** A pin as the configuration names it: `2`, `A0`, or with the name of its board before it, `desk:2`. */
export interface PinPlace {
  /** `undefined` for the only board, or for all where a pin is only left as something. */
  readonly board: string | undefined;
  readonly pin: string;
}

/** What a pin does where nothing else is said. */
export const PIN_DEFAULTS = {
  pullup: true,
  /** Long enough for the contacts of a push button, and too short for a finger. */
  debounceMs: 20,
  /** One in a hundred of the whole range: a converter wavers by a few. */
  hysteresis: 10,
  /** Long enough to be seen or heard. */
  forMs: 200,
  /** Concert pitch, as of the buzzer. */
  toneHz: 440,
} as const;

/** Firmata numbers pins with seven bits, and reports analog channels with four; each has one name. */
const PLACE = /^(?:([a-zA-Z0-9][\w-]{0,62}):)?(0|[1-9]\d?|1[01]\d|12[0-7]|A(?:\d|1[0-5]))$/;

/** Reads a pin's name, which the schema has let through. */
export function parsePin(key: string): PinPlace {
  const [, board, pin = key] = PLACE.exec(key) ?? [];
  return { board, pin };
}

/** Whether a pin takes part in events. */
export function isEventPin(definition: object): definition is EdgePin | ThresholdPin | ReactingPin {
  return "edges" in definition || "on" in definition;
}

const STOP = v.picklist([0, 1, "keep"], 'must be 0, 1 or "keep"');
const EDGE = v.optional(v.picklist(["rising", "falling", "both"], 'must be "rising", "falling" or "both"'));
const SUBJECT = v.pipe(
  v.string("must be a subject"),
  v.check(
    (subject) => findSubjectProblem(subject) === undefined && !isReserved(subject),
    "must be a subject such as button.pressed",
  ),
);
const PATTERN = v.pipe(
  v.string("must be a pattern"),
  v.check((pattern) => findPatternProblem(pattern) === undefined, "must be a pattern such as alarm.>"),
);

const EDGE_PIN = v.strictObject({
  edges: SUBJECT,
  edge: EDGE,
  pullup: v.optional(v.boolean("must be true or false")),
  debounceMs: v.optional(wholeNumber(0, 10_000)),
});

/** What a converter of ten bits reads at most. */
const MOST_READING = 1_023;

const THRESHOLD_PIN = v.pipe(
  v.strictObject({
    edges: SUBJECT,
    threshold: wholeNumber(1, MOST_READING),
    hysteresis: v.optional(wholeNumber(0, MOST_READING)),
    edge: EDGE,
  }),
  v.check(
    ({ threshold, hysteresis = PIN_DEFAULTS.hysteresis }) => hysteresis < threshold,
    `must have a hysteresis, ${PIN_DEFAULTS.hysteresis} by default, below its threshold: no reading falls below 0`,
  ),
);

const PITCH = `must be a pitch from ${FIRMWARE_TONE_HZ.lowest} to ${FIRMWARE_TONE_HZ.highest} Hz`;
const ACTS = ["high", "low", "toggle", "follow", "pulse", "tone"] as const;

const OUTPUT = {
  stop: v.optional(STOP),
  hold: v.optional(v.boolean("must be true or false")),
  safe: v.optional(v.picklist(SAFE_STATES, 'must be 0, 1 or "input"')),
  ordered: v.optional(v.boolean("must be true or false")),
};

const REACTING_PIN = v.strictObject({
  on: PATTERN,
  do: v.picklist(ACTS, `must be one of: ${ACTS.join(", ")}`),
  forMs: v.optional(wholeNumber(1, 60_000)),
  toneHz: v.optional(
    v.pipe(
      v.number(PITCH),
      v.minValue(FIRMWARE_TONE_HZ.lowest, PITCH),
      v.maxValue(FIRMWARE_TONE_HZ.highest, PITCH),
    ),
  ),
  ...OUTPUT,
});

const OUTPUT_PIN = v.pipe(
  v.strictObject(OUTPUT),
  v.check((pin) => Object.keys(pin).length > 0, `must say something: ${Object.keys(OUTPUT).join(", ")}`),
);

const PIN = v.lazy((input) => {
  if (typeof input !== "object" || input === null) return OUTPUT_PIN;
  if ("on" in input) return REACTING_PIN;
  if ("threshold" in input) return THRESHOLD_PIN;
  return "edges" in input ? EDGE_PIN : OUTPUT_PIN;
});

/** `pins` of a configuration. */
export const PINS = v.record(
  v.pipe(v.string(), v.regex(PLACE, "must be a pin such as 2, A0 or desk:2")),
  PIN,
);

/** What is wrong with a pin's name, for what the pin is to do; `undefined` where it is right. */
export function findPinProblem(
  key: string,
  definition: object,
  boards: readonly string[],
): string | undefined {
  const { board, pin } = parsePin(key);
  if (board !== undefined && !boards.includes(board))
    return `is on board "${board}", not one of: ${boards.join(", ")}`;
  if (boards.length === 0) return "needs a board, and `boards` has none";
  const isAnalog = pin.startsWith("A");
  if ("threshold" in definition && !isAnalog) return "has a threshold, which only analog pins have: A0, A1 …";
  if (!("threshold" in definition) && isAnalog) return "is analog: all it can have is edges with a threshold";
  if ("stop" in definition && "hold" in definition && definition.hold === true)
    return "has both stop and hold: a pin that is held is left as it is";
  if ("safe" in definition && "hold" in definition && definition.hold === true)
    return "has both safe and hold: a pin that is held stays as it is when the process dies";
  if (board === undefined && boards.length > 1 && ("edges" in definition || "on" in definition))
    return `is on one of ${boards.length} boards: write which, such as ${boards[0]}:${pin}`;
  return undefined;
}

/** Two names of one pin; `undefined` where there are none. A name without a board is that pin of every board. */
export function findSamePins(keys: readonly string[]): readonly [one: string, other: string] | undefined {
  const places = keys.map((key) => ({ key, ...parsePin(key) }));
  for (const [at, { key, board, pin }] of places.entries()) {
    const isSame = (other: PinPlace) =>
      other.pin === pin && (board === undefined || other.board === undefined);
    const same = places.slice(0, at).find(isSame);
    if (same) return [same.key, key];
  }
  return undefined;
}

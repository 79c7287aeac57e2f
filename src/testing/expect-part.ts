import { CircuitError } from "../core/error.js";
import type { PartState } from "../emulator/part.js";
import type { Level } from "../emulator/pins.js";
import type { Bench } from "./bench.js";
import {
  type BlinkOptions,
  type LimitOptions,
  PinExpectation,
  type StayOptions,
  waited,
} from "./expect-pin.js";
import { LIMIT_MS } from "./watch.js";

/** Parts tell no changes of what they look like: they are looked at again after so many milliseconds. */
const POLL_MS = 5;

export interface GlowOptions extends LimitOptions {
  /** How far off the brightness may be, of 1. 0.05 by default. */
  readonly within?: number;
}

export interface ReachOptions extends LimitOptions {
  /** How far off it may be. 2 by default. */
  readonly withinDegrees?: number;
  /** Pulses of 0° and 180°, in microseconds, as the sketch gives them to Johnny-Five; its own default is [600, 2400]. */
  readonly pwmRange?: readonly [number, number];
}

const HALF_TURN = [0, 180] as const;

/** Pulses of a servo's two ends: those that its state is told by, and those of Johnny-Five, in microseconds. */
const FIRMATA_US = [544, 2_400] as const;
const JOHNNY_FIVE_US = [600, 2_400] as const;

/** Where a part is wired. */
export interface Place {
  readonly id: string;
  /** `undefined` for a part on the I2C bus. */
  readonly pin: number | undefined;
  /** The level at which it is on. */
  readonly onLevel: Level;
}

type StateOf<Type extends PartState["type"]> = Extract<PartState, { readonly type: Type }>;

/** Waits until a part is as expected. Rejects with what it is instead. */
async function waitFor<Type extends PartState["type"]>(
  bench: Bench,
  { id, pin }: Place,
  type: Type,
  limitMs: number,
  {
    isSo,
    what,
    instead,
  }: {
    readonly isSo: (state: StateOf<Type>) => boolean;
    readonly what: string;
    readonly instead: (state: StateOf<Type>) => string;
  },
): Promise<void> {
  const find = () =>
    bench.states().find((each): each is StateOf<Type> => each.id === id && each.type === type);
  const check = () => {
    const state = find();
    return state !== undefined && isSo(state);
  };
  if (await bench.watch.until(check, { limitMs, pollMs: POLL_MS })) return;
  const state = find();
  const is = state ? instead(state) : "its board has no power";
  throw bench.failure(`Cannot see ${id} ${what} in ${waited(limitMs)}: ${is}`, pin, bench.watch.sinceMs(id));
}

/** What an LED is expected to do. */
export class LedExpectation {
  readonly #bench: Bench;
  readonly #place: Place;
  readonly #pin: PinExpectation;

  constructor(bench: Bench, place: Place) {
    if (place.pin === undefined)
      throw new CircuitError("USAGE", `Cannot look at ${place.id}: it is on no pin of the board`);
    this.#bench = bench;
    this.#place = place;
    this.#pin = new PinExpectation(bench, place.pin, place.id, place.onLevel);
  }

  /** It is lit, or comes to be. */
  toBeLit(options?: LimitOptions): Promise<void> {
    return this.#pin.toBecome(this.#place.onLevel, options);
  }

  /** It is dark, or comes to be. */
  toBeDark(options?: LimitOptions): Promise<void> {
    return this.#pin.toBecome(this.#place.onLevel ? 0 : 1, options);
  }

  toStayLit(options: StayOptions): Promise<void> {
    return this.#pin.toStay(this.#place.onLevel, options);
  }

  toStayDark(options: StayOptions): Promise<void> {
    return this.#pin.toStay(this.#place.onLevel ? 0 : 1, options);
  }

  /** It is lit and dark so many times. */
  toBlink(options: BlinkOptions): Promise<void> {
    return this.#pin.toBlink(options);
  }

  /** It comes to this brightness, from 0 to 1, as PWM makes it. */
  toGlow(brightness: number, { within = 0.05, limitMs = LIMIT_MS }: GlowOptions = {}): Promise<void> {
    return waitFor(this.#bench, this.#place, "led", limitMs, {
      isSo: (state) => Math.abs(state.brightness - brightness) <= within,
      what: `glow at ${percent(brightness)}`,
      instead: (state) => `it glows at ${percent(state.brightness)}`,
    });
  }
}

/** What a servo is expected to do. */
export class ServoExpectation {
  readonly #bench: Bench;
  readonly #place: Place;

  constructor(bench: Bench, place: Place) {
    this.#bench = bench;
    this.#place = place;
  }

  /** It is told to go to this angle. */
  toReach(
    degrees: number,
    { withinDegrees = 2, pwmRange = JOHNNY_FIVE_US, limitMs = LIMIT_MS }: ReachOptions = {},
  ): Promise<void> {
    const angleOf = (state: StateOf<"servo">) =>
      state.degrees === undefined
        ? undefined
        : scale(scale(state.degrees, HALF_TURN, FIRMATA_US), pwmRange, HALF_TURN);
    return waitFor(this.#bench, this.#place, "servo", limitMs, {
      isSo: (state) => Math.abs((angleOf(state) ?? Infinity) - degrees) <= withinDegrees,
      what: `reach ${degrees}°`,
      instead: (state) => {
        const angle = angleOf(state);
        return angle === undefined ? "it has had no pulse" : `it is at ${angle.toFixed(1)}°`;
      },
    });
  }
}

/** What a character display is expected to do. */
export class DisplayExpectation {
  readonly #bench: Bench;
  readonly #place: Place;

  constructor(bench: Bench, place: Place) {
    this.#bench = bench;
    this.#place = place;
  }

  /** It shows this text in one of its lines, or these lines, the first from the top, without the spaces at their ends. */
  toShow(text: string | readonly string[], { limitMs = LIMIT_MS }: LimitOptions = {}): Promise<void> {
    const isSo = ({ lines, isOn }: StateOf<"lcd">) => {
      if (!isOn) return false;
      if (typeof text === "string") return lines.some((line) => line.includes(text));
      return text.every((line, index) => lines[index]?.trimEnd() === line);
    };
    return waitFor(this.#bench, this.#place, "lcd", limitMs, {
      isSo,
      what: `show ${JSON.stringify(text)}`,
      instead: ({ lines, isOn }) =>
        isOn ? `it shows ${JSON.stringify(lines.map((line) => line.trimEnd()))}` : "it is off",
    });
  }
}

/** From one range to another. */
function scale(value: number, from: readonly [number, number], to: readonly [number, number]): number {
  return to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);
}

function percent(ratio: number): string {
  return `${Math.round(100 * ratio)} %`;
}

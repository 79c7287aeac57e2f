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
import type { Place } from "./place.js";
import { LIMIT_MS } from "./watch.js";

/** Parts tell no changes of what they look like: they are looked at again after so many milliseconds. */
const POLL_MS = 5;

export interface GlowOptions extends LimitOptions {
  /** How far off the brightness may be, of 1. 0.05 by default. */
  readonly within?: number;
}

export type StateOf<Type extends PartState["type"]> = Extract<PartState, { readonly type: Type }>;

/** Waits until a part is as expected. Rejects with what it is instead. */
export async function waitFor<Type extends PartState["type"]>(
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
    this.#pin = new PinExpectation(bench, place.pin, place.id, place.onLevel, ["lit", "dark"]);
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

/** What a relay module is expected to do. */
export class RelayExpectation {
  readonly #onLevel: Level;
  readonly #pin: PinExpectation;

  constructor(bench: Bench, { id, pin, onLevel }: Place) {
    if (pin === undefined)
      throw new CircuitError("USAGE", `Cannot look at ${id}: it is on no pin of the board`);
    this.#onLevel = onLevel;
    this.#pin = new PinExpectation(bench, pin, id, onLevel, ["on", "off"]);
  }

  /** It is on, or comes to be. */
  toBeOn(options?: LimitOptions): Promise<void> {
    return this.#pin.toBecome(this.#onLevel, options);
  }

  /** It is off, or comes to be. */
  toBeOff(options?: LimitOptions): Promise<void> {
    return this.#pin.toBecome(this.#onLevel ? 0 : 1, options);
  }

  toStayOn(options: StayOptions): Promise<void> {
    return this.#pin.toStay(this.#onLevel, options);
  }

  toStayOff(options: StayOptions): Promise<void> {
    return this.#pin.toStay(this.#onLevel ? 0 : 1, options);
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

function percent(ratio: number): string {
  return `${Math.round(100 * ratio)} %`;
}

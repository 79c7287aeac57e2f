import { type Angle, JOHNNY_FIVE_US, offLine, type PulseRange } from "./angles.js";
import type { Bench } from "./bench.js";
import { type StateOf, waitFor } from "./expect-part.js";
import { type LimitOptions, type StayOptions, waited } from "./expect-pin.js";
import type { Place } from "./place.js";
import { LIMIT_MS } from "./watch.js";

export interface PulseOptions {
  /** Pulses of 0° and 180°, in microseconds, as the sketch gives them to Johnny-Five; its own default is [600, 2400]. */
  readonly pwmRange?: PulseRange;
}

export interface ReachOptions extends LimitOptions, PulseOptions {
  /** How far off it may be. 2 by default. */
  readonly withinDegrees?: number;
}

export interface SweepOptions extends ReachOptions {
  /** How long it takes, in milliseconds. */
  readonly overMs: number;
}

export interface StayBetweenOptions extends StayOptions, PulseOptions {}

/** How far an angle may be from where it is expected, in degrees: a pulse comes every 20 ms. */
const WITHIN_DEGREES = 2;

/** A motion may be farther off, as there its clock counts too, in degrees. */
const SWEEP_WITHIN_DEGREES = 4;

/** A servo's pulses are 20 ms apart. */
const POLL_MS = 20;

/** Pulses by which a servo's state is told, of 0° and 180°, in microseconds. */
const FIRMATA_US: PulseRange = [544, 2_400];

const HALF_TURN: PulseRange = [0, 180];

/** What a servo is expected to do. */
export class ServoExpectation {
  readonly #bench: Bench;
  readonly #place: Place;
  readonly #pin: number;

  constructor(bench: Bench, place: Place & { readonly pin: number }) {
    this.#bench = bench;
    this.#place = place;
    this.#pin = place.pin;
  }

  /** It is told to go to this angle. */
  toReach(
    degrees: number,
    { withinDegrees = WITHIN_DEGREES, pwmRange = JOHNNY_FIVE_US, limitMs = LIMIT_MS }: ReachOptions = {},
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

  /** It goes from one angle to another, evenly and in this time. */
  async toSweep(
    from: number,
    to: number,
    { overMs, withinDegrees = SWEEP_WITHIN_DEGREES, pwmRange, limitMs = 2 * overMs + LIMIT_MS }: SweepOptions,
  ): Promise<void> {
    const { watch } = this.#bench;
    const { id } = this.#place;
    const sinceMs = watch.sinceMs(id);
    const sweep = { from, to, overMs, withinDegrees };
    const find = () => findSweep(this.#bench.anglesSince(this.#pin, sinceMs, pwmRange), sweep);
    await watch.until(() => find() !== undefined, { limitMs, pollMs: POLL_MS });
    const endMs = find();
    if (endMs === undefined) {
      const what = `sweep evenly from ${from}° to ${to}° in ${waited(overMs)}`;
      const instead = `it did not in ${waited(watch.nowMs - sinceMs)}`;
      throw this.#bench.failure(`Cannot see ${id} ${what}: ${instead}`, this.#pin, sinceMs);
    }
    watch.found(id, endMs);
  }

  /** It is told to be at no angle but these and those between, from now on, for so long. */
  async toStayBetween(from: number, to: number, { forMs, pwmRange }: StayBetweenOptions): Promise<void> {
    const { watch } = this.#bench;
    const startMs = watch.nowMs;
    const findOff = () =>
      this.#bench
        .anglesSince(this.#pin, startMs, pwmRange)
        .find(({ degrees }) => degrees < from - WITHIN_DEGREES || degrees > to + WITHIN_DEGREES);
    await watch.until(() => findOff() !== undefined, { limitMs: forMs, pollMs: POLL_MS });
    const off = findOff();
    if (!off) return;
    const what = `stay between ${from}° and ${to}° for ${waited(forMs)}`;
    const instead = `it was at ${off.degrees.toFixed(1)}° after ${(off.atMs - startMs).toFixed(1)} ms`;
    throw this.#bench.failure(`Cannot see ${this.#place.id} ${what}: ${instead}`, this.#pin, startMs);
  }
}

interface Sweep extends Required<Pick<SweepOptions, "overMs" | "withinDegrees">> {
  readonly from: number;
  readonly to: number;
}

/** When such a sweep ended, if there was one. */
function findSweep(angles: readonly Angle[], { from, to, overMs, withinDegrees }: Sweep): number | undefined {
  for (const [index, { atMs, degrees }] of angles.entries()) {
    if (Math.abs(degrees - from) > withinDegrees) continue;
    const [start, end] = [
      { atMs, degrees: from },
      { atMs: atMs + overMs, degrees: to },
    ];
    for (let next = index + 1; next < angles.length; next++) {
      const angle = angles[next];
      if (angle && angle.atMs > end.atMs) return angle.atMs;
      if (offLine(angle, start, end) > withinDegrees) break;
    }
  }
  return undefined;
}

/** From one range to another. */
function scale(value: number, from: PulseRange, to: PulseRange): number {
  return to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);
}

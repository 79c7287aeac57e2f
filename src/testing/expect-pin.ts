import type { Level } from "../emulator/pins.js";
import type { Bench } from "./bench.js";
import type { TapeEdge } from "./tape.js";
import { LIMIT_MS } from "./watch.js";

export interface LimitOptions {
  /** How long to wait at most, in milliseconds of virtual time. 5 000 by default. */
  readonly limitMs?: number;
}

export interface StayOptions {
  readonly forMs: number;
}

export interface BlinkOptions extends LimitOptions {
  /** From one change to the next, as in Johnny-Five's `blink(500)`, in milliseconds. */
  readonly everyMs: number;
  /** How often it is on. */
  readonly times: number;
  /** How far a change may be from its time, in milliseconds. 10 by default. */
  readonly withinMs?: number;
}

/** How a pin's two states are called: on, and off. */
export type PinWords = readonly [string, string];

/** A write's way over the wire, and a clock that is a little off. */
const WITHIN_MS = 10;

/** What a pin is expected to do. Each waits in virtual time, and rejects with `EXPECTATION_FAILED` and a diagram. */
export class PinExpectation {
  readonly #bench: Bench;
  readonly #pin: number;
  readonly #name: string;
  readonly #onLevel: Level;
  readonly #words: PinWords;

  /**
   * @param name What it is called in messages: `pin 13`.
   * @param onLevel The level at which what it drives is on.
   * @param words What it is when it is on, and off.
   */
  constructor(
    bench: Bench,
    pin: number,
    name = `pin ${pin}`,
    onLevel: Level = 1,
    words: PinWords = ["high", "low"],
  ) {
    this.#bench = bench;
    this.#pin = pin;
    this.#name = name;
    this.#onLevel = onLevel;
    this.#words = words;
  }

  /** It is at this level now. */
  async toBe(level: Level): Promise<void> {
    if (this.#bench.tape.levelAt(this.#pin) === level) return;
    throw this.#failure(`be ${this.#wordOf(level)}`, `it is ${this.#wordOf(level ? 0 : 1)}`);
  }

  /** It is at this level, or comes to it. */
  async toBecome(level: Level, { limitMs = LIMIT_MS }: LimitOptions = {}): Promise<void> {
    const { tape, watch } = this.#bench;
    const [sinceMs, startMs] = [watch.sinceMs(this.#name), watch.nowMs];
    const find = () => {
      if (tape.levelAt(this.#pin, sinceMs) === level) return sinceMs;
      return tape.edgesSince(this.#pin, sinceMs).find((edge) => edge.level === level)?.atMs;
    };
    await watch.until(() => find() !== undefined, { limitMs, changes: (look) => tape.onEdge(look) });
    const atMs = find();
    if (atMs === undefined)
      throw this.#failure(`become ${this.#wordOf(level)}`, `it did not in ${waited(watch.nowMs - startMs)}`);
    watch.found(this.#name, atMs);
  }

  /** It is at this level, and is for so long. */
  async toStay(level: Level, { forMs }: StayOptions): Promise<void> {
    const { tape, watch } = this.#bench;
    const startMs = watch.nowMs;
    const isOff = () => tape.levelAt(this.#pin) !== level || tape.hasChangedAfter(this.#pin, startMs);
    const left = await watch.until(isOff, { limitMs: forMs, changes: (look) => tape.onEdge(look) });
    if (left) {
      const afterMs = watch.nowMs - startMs;
      const what = `stay ${this.#wordOf(level)} for ${waited(forMs)}`;
      const when = afterMs > 0 ? `after ${afterMs.toFixed(1)} ms` : "already";
      throw this.#failure(what, `it was ${this.#wordOf(level ? 0 : 1)} ${when}`, startMs);
    }
  }

  /** It goes on and off so many times, with the same time between changes. */
  async toBlink({ everyMs, times, withinMs = WITHIN_MS, limitMs }: BlinkOptions): Promise<void> {
    const { tape, watch } = this.#bench;
    const [sinceMs, startMs] = [watch.sinceMs(this.#name), watch.nowMs];
    const find = () => {
      const edges = tape.edgesSince(this.#pin, sinceMs);
      return findBlinks(edges, { onLevel: this.#onLevel, everyMs, times, withinMs });
    };
    await watch.until(() => find().endMs !== undefined, {
      limitMs: limitMs ?? 2 * everyMs * times + LIMIT_MS,
      changes: (look) => tape.onEdge(look),
    });
    const { most, endMs } = find();
    if (endMs === undefined) {
      const instead = `it did ${most} in a row in ${waited(watch.nowMs - startMs)}`;
      throw this.#failure(`blink every ${everyMs} ms, ${times} times`, instead);
    }
    watch.found(this.#name, endMs);
  }

  #wordOf(level: Level): string {
    return this.#words[level === this.#onLevel ? 0 : 1];
  }

  #failure(what: string, instead: string, fromMs = this.#bench.watch.sinceMs(this.#name)) {
    return this.#bench.failure(`Cannot see ${this.#name} ${what}: ${instead}`, this.#pin, fromMs);
  }
}

interface Blinks {
  readonly onLevel: Level;
  readonly everyMs: number;
  readonly times: number;
  readonly withinMs: number;
}

/** When so many blinks in a row ended, if they did, and how many there were at most. */
function findBlinks(edges: readonly TapeEdge[], { onLevel, everyMs, times, withinMs }: Blinks) {
  let [changes, most] = [0, 0];
  let beforeMs = -Infinity;
  for (const { level, atMs } of edges) {
    const isInTime = Math.abs(atMs - beforeMs - everyMs) <= withinMs;
    beforeMs = atMs;
    if (changes > 0 && isInTime) changes++;
    else changes = level === onLevel ? 1 : 0;
    most = Math.max(most, changes >> 1);
    if (most >= times) return { most, endMs: atMs };
  }
  return { most, endMs: undefined };
}

/** `5 s`, `120 ms`. */
export function waited(ms: number): string {
  return ms >= 1_000 ? `${Number((ms / 1_000).toFixed(3))} s` : `${Number(ms.toFixed(3))} ms`;
}

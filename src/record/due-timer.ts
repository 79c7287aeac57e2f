import type { Clock } from "../core/clock.js";

/**
 * Calls back at a moment, never before it, and to a few hundredths of a millisecond: timers of the engine are whole
 * milliseconds, and a round trip to a board is less than one.
 */
export class DueTimer {
  readonly #clock: Clock;
  readonly #callback: () => void;
  #atMs = Number.POSITIVE_INFINITY;
  #cancel = () => {};

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** @param atMs On the clock, in place of any before; `Infinity` for never. */
  set(atMs: number): void {
    if (atMs === this.#atMs) return;
    this.stop();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#atMs = atMs;
    this.#wait();
  }

  stop(): void {
    this.#cancel();
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  #wait(): void {
    const nowMs = this.#clock.now();
    const restMs = this.#atMs - nowMs;
    const wait = restMs >= 1 ? restMs : 0;
    this.#cancel = this.#clock.after(wait, () => this.#look(nowMs + wait));
  }

  /** @param expectedMs What the clock should say at least, where it goes by turns of the event loop. */
  #look(expectedMs: number): void {
    const nowMs = this.#clock.now();
    if (nowMs >= this.#atMs) {
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#callback();
    } else if (nowMs === expectedMs) {
      // A clock that turns do not move.
      this.#cancel = this.#clock.after(this.#atMs - nowMs, () => this.#look(this.#atMs));
    } else this.#wait();
  }
}

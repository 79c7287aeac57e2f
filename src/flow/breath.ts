import type { Clock } from "../core/clock.js";

/** Items between two breaths: a turn of the microtask queue costs as much as a few items. */
const ITEMS_A_BREATH = 64;

/** How long items may keep timers and sockets waiting, in milliseconds: a person sees 16. */
const MOST_HELD_MS = 10;

/** Lets others have their turn where items come as quickly as they can be handled. */
export class Breath {
  readonly #clock: Clock;
  #items = 0;
  #turnAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnAtMs = clock.now();
  }

  /** Counts an item; whether it is time to `take()` a breath. */
  get isDue(): boolean {
    return (++this.#items & (ITEMS_A_BREATH - 1)) === 0;
  }

  /** Whether timers and sockets have waited for so long that they are to have a turn now. */
  get isLong(): boolean {
    return this.#clock.now() - this.#turnAtMs > MOST_HELD_MS;
  }

  /** Lets whoever else is ready have a turn, and timers and sockets where they have waited for long. */
  take(): Promise<void> {
    if (!this.isLong) return Promise.resolve();
    return new Promise((resolve) => {
      this.#clock.after(0, () => {
        this.#turnAtMs = this.#clock.now();
        resolve();
      });
    });
  }
}

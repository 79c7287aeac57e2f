import type { Clock } from "../core/clock.js";

/** Items between two looks at the clock, which takes as long as an item or two. */
export const ITEMS_A_BREATH = 64;

/** Looks between two breaths where nobody has waited for long: to let others go on costs as much as some items. */
const LOOKS_A_BREATH = 4;

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

  /** Counts an item; a Promise where it is time to let others go on. */
  count(): Promise<void> | undefined {
    const items = ++this.#items;
    if (items % ITEMS_A_BREATH !== 0) return undefined;
    return this.isLong || items % (ITEMS_A_BREATH * LOOKS_A_BREATH) === 0 ? this.take() : undefined;
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

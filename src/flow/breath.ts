import type { Clock } from "../core/clock.js";

/** Items between two looks at the clock, which takes as long as some items; more where they are quick. */
const ITEMS_A_LOOK = { fewest: 64, most: 256 };

/** What is quick, in milliseconds from one look to the next. */
const QUICK_MS = 0.5;

/** How long items may keep timers and sockets waiting, in milliseconds: a person sees 16. */
const MOST_HELD_MS = 10;

/** Lets others have their turn where items come as quickly as they can be handled. */
export class Breath {
  readonly #clock: Clock;
  #items = ITEMS_A_LOOK.fewest;
  #uncounted = ITEMS_A_LOOK.fewest;
  #lookedAtMs: number;
  #turnAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnAtMs = clock.now();
    this.#lookedAtMs = this.#turnAtMs;
  }

  /** Items to handle before the next look. */
  get items(): number {
    return this.#items;
  }

  /** Counts an item; a Promise where it is time to let others go on. */
  count(): Promise<void> | undefined {
    if (--this.#uncounted > 0) return undefined;
    const turn = this.take();
    this.#uncounted = this.#items;
    return turn;
  }

  /** Looks at the clock: whether timers and sockets have waited for so long that they are to have a turn now. */
  look(): boolean {
    const nowMs = this.#clock.now();
    const isQuick = nowMs - this.#lookedAtMs < QUICK_MS;
    this.#items = isQuick ? ITEMS_A_LOOK.most : ITEMS_A_LOOK.fewest;
    this.#lookedAtMs = nowMs;
    return nowMs - this.#turnAtMs > MOST_HELD_MS;
  }

  /** Lets whoever else is ready have a turn, and timers and sockets where they have waited for long. */
  take(): Promise<void> {
    return this.look() ? this.takeLong() : Promise.resolve();
  }

  /** Lets timers and sockets have a turn. */
  takeLong(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(0, () => {
        this.#turnAtMs = this.#clock.now();
        this.#lookedAtMs = this.#turnAtMs;
        resolve();
      });
    });
  }
}

import type { Clock } from "../../core/clock.js";

/** How long the event loop stays awake after a frame, in milliseconds: ten round trips between two cores. */
const AWAKE_MS = 0.3;
/** Times in a row that nothing comes meanwhile, after which it does not help here. */
const MISSES = 3;
/** How long it then sleeps as others do, in milliseconds; each further time twice as long. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 10_000;

/**
 * Keeps the event loop awake for a moment after each frame: to be woken by the system costs more than all the rest of a
 * round trip. It takes a core while messages come, so it is asked for; where nothing comes in that moment, because the
 * peer is slow or shares the core, it rests.
 */
export class Poll {
  readonly #clock: Clock;
  #isAwake = false;
  #untilMs = 0;
  #misses = 0;
  #restMs = FIRST_REST_MS;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A frame has arrived. */
  heard(): void {
    const nowMs = this.#clock.now();
    if (!this.#isAwake) {
      if (nowMs < this.#restsUntilMs) return;
      this.#isAwake = true;
      this.#clock.after(0, this.#look);
    } else {
      this.#misses = 0;
      this.#restMs = FIRST_REST_MS;
    }
    this.#untilMs = nowMs + AWAKE_MS;
  }

  /** Each time in a later turn of the event loop, which does not sleep while there is one to come. */
  readonly #look = (): void => {
    const nowMs = this.#clock.now();
    if (nowMs < this.#untilMs) {
      this.#clock.after(0, this.#look);
      return;
    }
    this.#isAwake = false;
    if (++this.#misses < MISSES) return;
    this.#misses = 0;
    this.#restsUntilMs = nowMs + this.#restMs;
    this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
  };
}

/** Time before the measured one, as a share of it: what runs often is compiled meanwhile. */
const WARM_UP_SHARE = 0.5;

/** Between two looks at the time, so that looking costs nothing. */
const COUNTS_PER_LOOK = 16;

/** Counts what happens; when its time is over it prints how often a second, and ends the process. */
export class Meter {
  readonly #measuredMs: number;
  #count = 0;
  #startMs: number;
  #isWarm = false;

  constructor(measuredMs: number) {
    this.#measuredMs = measuredMs;
    this.#startMs = performance.now();
  }

  count(): void {
    if (++this.#count % COUNTS_PER_LOOK !== 0) return;
    const nowMs = performance.now();
    const spentMs = nowMs - this.#startMs;
    if (this.#isWarm && spentMs >= this.#measuredMs) {
      console.log((this.#count / spentMs) * 1_000);
      process.exit(0);
    }
    if (this.#isWarm || spentMs < this.#measuredMs * WARM_UP_SHARE) return;
    this.#isWarm = true;
    this.#startMs = nowMs;
    this.#count = 0;
  }
}

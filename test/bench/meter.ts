/** Share of the measured time that goes before it, unmeasured: the compiler's work on what runs often. */
const WARM_UP_SHARE = 0.5;

/** Counts what happens; when its time is over it prints how often a second, and ends the process. */
export class Meter {
  readonly #measuredMs: number;
  #count = 0;
  #startMs: number | undefined;
  #isWarm = false;

  constructor(measuredMs: number) {
    this.#measuredMs = measuredMs;
  }

  /** Counts one; the clock starts at the first. */
  count(): void {
    this.#count++;
    const nowMs = performance.now();
    this.#startMs ??= nowMs;
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

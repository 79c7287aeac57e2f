/** Between two looks at the time, so that looking costs nothing. */
const COUNTS_PER_LOOK = 16;

export interface MeterOptions {
  /** Time before the measured one, in milliseconds: what runs often is compiled meanwhile. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** Counts what happens; when its time is over it prints how often a second, and ends the process. */
export class Meter {
  readonly #options: MeterOptions;
  #count = 0;
  #startMs = performance.now();
  #isWarm = false;

  constructor(options: MeterOptions) {
    this.#options = options;
  }

  count(): void {
    if (++this.#count % COUNTS_PER_LOOK !== 0) return;
    const { warmUpMs, measuredMs } = this.#options;
    const nowMs = performance.now();
    const spentMs = nowMs - this.#startMs;
    if (spentMs < (this.#isWarm ? measuredMs : warmUpMs)) return;
    if (this.#isWarm) {
      console.log((this.#count / spentMs) * 1_000);
      process.exit(0);
    }
    this.#isWarm = true;
    this.#startMs = nowMs;
    this.#count = 0;
  }
}

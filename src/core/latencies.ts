/** Samples that are kept: enough for a p99 that 100 of them stand behind, 80 kB at most. */
const MAX_SAMPLES = 10_000;

/** The latest durations of something, and their percentiles. */
export class Latencies {
  readonly #samples: number[] = [];
  #count = 0;

  /** The kept durations of several. */
  static of(several: readonly Latencies[]): Latencies {
    const all = new Latencies();
    for (const latencies of several) for (const sample of latencies.#samples) all.add(sample);
    return all;
  }

  /** Adds a duration, in milliseconds; past 10 000 it takes the place of the oldest. */
  add(durationMs: number): void {
    this.#samples[this.#count % MAX_SAMPLES] = durationMs;
    this.#count++;
  }

  /** How many were ever added. */
  get count(): number {
    return this.#count;
  }

  /** The duration that `share` (0 to 1) of the kept ones do not exceed; `undefined` when there is none. */
  percentile(share: number): number | undefined {
    // Numbers of one type need no comparing function, which is most of what sorting takes.
    const sorted = Float64Array.from(this.#samples).sort();
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  }
}

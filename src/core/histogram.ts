/**
 * Upper ends of the buckets, in milliseconds: from a message within a process to the deadline of one that nobody gave
 * a deadline. Each is 2 to 2.5 times the one before it.
 */
export const BUCKET_ENDS_MS = [
  0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const;

/** How many durations fell into each of a fixed row of buckets. */
export class Histogram {
  /** A count for each bucket, and last that of the durations beyond them all. */
  readonly #counts: number[] = new Array(BUCKET_ENDS_MS.length + 1).fill(0);
  #sumMs = 0;

  /** Adds a duration, in milliseconds. */
  add(durationMs: number): void {
    let bucket = 0;
    while (bucket < BUCKET_ENDS_MS.length && durationMs > (BUCKET_ENDS_MS[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumMs += durationMs;
  }

  /** A count for each bucket, and last that of the durations beyond them all. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  /** All durations together, in milliseconds. */
  get sumMs(): number {
    return this.#sumMs;
  }
}

export interface BackoffOptions {
  /** First wait, in milliseconds. */
  readonly firstMs?: number;
  /** Longest wait, in milliseconds. */
  readonly longestMs?: number;
  /** How much longer each wait is than the one before it. */
  readonly factor?: number;
}

/** Yields the waits between tries, in milliseconds, for ever. It never sleeps itself. */
export function* backoff({
  firstMs = 50,
  longestMs = 2_000,
  factor = 2,
}: BackoffOptions = {}): Generator<number, never> {
  for (let waitMs = firstMs; ; waitMs = Math.min(waitMs * factor, longestMs))
    yield Math.min(waitMs, longestMs);
}

/** Time as an argument. The only file that touches timers. */
export interface Clock {
  /** Milliseconds since some fixed moment, never going back, with fractions. */
  now(): number;

  /**
   * Calls `callback` once, `delayMs` from now; for 0, in a later turn of the event loop.
   *
   * @returns A function that takes the call back; calling it later, or twice, does nothing.
   */
  after(delayMs: number, callback: () => void): () => void;

  /**
   * Resolves `delayMs` from now.
   *
   * @throws The signal's own reason, at once, when the signal is or becomes aborted.
   */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** A time of a clock, as `now()` gives them, in milliseconds of the Unix epoch. */
export function epochOf(clock: Pick<Clock, "now">, atMs: number): number {
  return Math.round(Date.now() - (clock.now() - atMs));
}

/** `sleep()` for any clock that has `after()`. */
export function sleepOn(clock: Pick<Clock, "after">, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** A timer of the engine that is longer comes at once: 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The process's own time. What is to come in more than 24.8 days comes then.
 *
 * The globals are looked up at each call, so that virtual time, which replaces them, reaches it too.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    if (delayMs <= 0) {
      // A timer would wait for 1 ms.
      const turn = setImmediate(callback);
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
  sleep: (delayMs, signal) => sleepOn(systemClock, delayMs, signal),
};

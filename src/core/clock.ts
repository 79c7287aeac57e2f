/** Time as an argument. The only file that touches timers. */
export interface Clock {
  /** Milliseconds since some fixed moment, never going back, with fractions. */
  now(): number;

  /**
   * Calls `callback` once, `delayMs` from now.
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

/**
 * The process's own time.
 *
 * The globals are looked up at each call, so that virtual time, which replaces them, reaches it too.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  sleep: (delayMs, signal) => sleepOn(systemClock, delayMs, signal),
};

import type { Clock } from "../core/clock.js";

/** How long an attempt may take. */
export interface AttemptLimit {
  readonly clock: Clock;
  readonly limitMs: number;
  /** What it fails with when its time is over. */
  readonly late: () => unknown;
}

/** Something that may take some time and no longer. */
export class Attempt {
  #over: AbortController | undefined;
  /** Why it was stopped, in a box: a reason may be anything. */
  #stopped: { readonly reason: unknown } | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #cancelTimer: (() => void) | undefined;

  /** Made when it is asked for: most handlers never ask, and it costs as much as the rest. */
  get signal(): AbortSignal {
    this.#over ??= new AbortController();
    if (this.#stopped) this.#over.abort(this.#stopped.reason);
    return this.#over.signal;
  }

  /** Waits for what has begun; rejects when its time is over, or when it is stopped. */
  wait<Result>(work: PromiseLike<Result>, { clock, limitMs, late }: AttemptLimit): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#reject = reject;
      this.#cancelTimer = clock.after(limitMs, () => this.stop(late()));
      work.then(
        (value) => {
          this.#cancelTimer?.();
          resolve(value);
        },
        (error: unknown) => {
          this.#cancelTimer?.();
          reject(error);
        },
      );
    });
  }

  /** Ends the waiting for it, and tells the handler to end. Idempotent. */
  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = { reason };
    this.#cancelTimer?.();
    this.#reject?.(reason);
    this.#over?.abort(reason);
  }
}

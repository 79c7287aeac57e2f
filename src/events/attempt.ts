import type { Clock } from "../core/clock.js";

export interface AttemptOptions {
  readonly clock: Clock;
  readonly limitMs: number;
  /** What it fails with when its time is over. */
  readonly late: () => unknown;
}

/** Work that may take some time and no longer. */
export class Attempt {
  readonly #options: AttemptOptions;
  #over: AbortController | undefined;
  /** Why it was stopped, in a box: a reason may be anything. */
  #stopped: { readonly reason: unknown } | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #cancelTimer = () => {};

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** Aborts when the work is stopped. Made when it is asked for: most work never asks. */
  get signal(): AbortSignal {
    this.#over ??= new AbortController();
    if (this.#stopped) this.#over.abort(this.#stopped.reason);
    return this.#over.signal;
  }

  /** Does the work: at once, where that takes no Promise. What has been stopped before it begins is not done. */
  run<Result>(work: () => Result | PromiseLike<Result>): Result | Promise<Result> {
    if (this.#stopped) throw this.#stopped.reason;
    const result = work();
    return isThenable(result) ? this.#race(result) : result;
  }

  /** Ends the waiting for it, and tells the work to end. Idempotent. */
  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = { reason };
    this.#cancelTimer();
    this.#reject?.(reason);
    this.#over?.abort(reason);
  }

  #race<Result>(work: PromiseLike<Result>): Promise<Result> {
    const { clock, limitMs, late } = this.#options;
    return new Promise<Result>((resolve, reject) => {
      // Stopped by the work itself, before it first waited.
      if (this.#stopped) reject(this.#stopped.reason);
      else this.#cancelTimer = clock.after(limitMs, () => this.stop(late()));
      this.#reject = reject;
      work.then(
        (value) => {
          this.#cancelTimer();
          resolve(value);
        },
        (error: unknown) => {
          this.#cancelTimer();
          reject(error);
        },
      );
    });
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

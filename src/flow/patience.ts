import type { Clock } from "../core/clock.js";
import { Deadlines } from "../core/deadlines.js";

interface Waiting {
  reject(reason: unknown): void;
}

/** Waits for what others have begun, but not for ever. */
export class Patience {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #waiting = new Set<Waiting>();
  #over: { readonly reason: unknown } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock);
  }

  /** What the work comes to; rejects with `late()` when that takes longer, or with the reason of `end()`. */
  wait<Value>(work: PromiseLike<Value>, limitMs: number, late: () => unknown): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        // Nobody hears what it comes to; a failure that nobody hears would end the process.
        work.then(undefined, () => {});
        reject(this.#over.reason);
        return;
      }
      const settle = () => {
        this.#deadlines.remove(deadline);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        reject(reason) {
          settle();
          reject(reason);
        },
      };
      const atMs = this.#clock.now() + limitMs;
      const deadline = this.#deadlines.add({ atMs, late: () => waiting.reject(late()) });
      this.#waiting.add(waiting);
      work.then((value) => {
        settle();
        resolve(value);
      }, waiting.reject);
    });
  }

  /** Waits for nothing any more. */
  end(reason: unknown): void {
    this.#over = { reason };
    for (const waiting of [...this.#waiting]) waiting.reject(reason);
  }
}

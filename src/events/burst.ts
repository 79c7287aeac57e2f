import type { Clock } from "../core/clock.js";

export interface BurstOptions {
  readonly clock: Clock;
  /** For how long what comes after the first is only counted, in milliseconds. */
  readonly lastsMs: number;
  /** Takes how many came after the first, where some did. */
  readonly more: (count: number) => void;
}

/** Of what may come very often, the first is to be told, and the rest as a number. */
export class Burst {
  readonly #options: BurstOptions;
  #more = 0;
  #cancel: (() => void) | undefined;

  constructor(options: BurstOptions) {
    this.#options = options;
  }

  /** @returns Whether it is the first of a burst. */
  add(): boolean {
    if (this.#cancel !== undefined) {
      this.#more++;
      return false;
    }
    this.#cancel = this.#options.clock.after(this.#options.lastsMs, () => this.end());
    return true;
  }

  /** Tells the number now; the next is the first of another burst. Idempotent. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const more = this.#more;
    this.#more = 0;
    if (more > 0) this.#options.more(more);
  }
}

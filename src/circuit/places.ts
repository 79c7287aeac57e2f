import type { Clock } from "../core/clock.js";

/** As many places as events are to be handled. One that failed leaves its place to another. */
export class Places {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;
  #isClosed = false;

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Those that are left. */
  get left(): number {
    return this.#most - this.#taken;
  }

  take(): void {
    this.#taken++;
  }

  /** Takes one as soon as there is one. @returns Whether it did: there was none for so long, or none is given any more. */
  async untilTaken(limitMs: number): Promise<boolean> {
    const endAtMs = this.#clock.now() + limitMs;
    while (!this.#isClosed && this.left <= 0) {
      const leftMs = endAtMs - this.#clock.now();
      if (leftMs <= 0) return false;
      await this.#untilWoken(leftMs);
    }
    if (!this.#isClosed) this.#taken++;
    return !this.#isClosed;
  }

  giveBack(): void {
    this.#taken--;
    this.#wakeAll();
  }

  /** Gives none any more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#wakeAll();
  }

  #untilWoken(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        stopWaiting();
        this.#waiting.delete(wake);
        resolve();
      };
      const stopWaiting = this.#clock.after(limitMs, wake);
      this.#waiting.add(wake);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

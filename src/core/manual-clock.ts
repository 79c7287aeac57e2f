import { type Clock, sleepOn } from "./clock.js";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Time that moves only when told to. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  /** Calls that have not come due. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Moves time forward and makes the calls that come due, the earliest first, each at its own moment. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (let next = this.#findNext(); next !== undefined && next.atMs <= endMs; next = this.#findNext()) {
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }

  #findNext(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs) next = timer;
    }
    return next;
  }
}

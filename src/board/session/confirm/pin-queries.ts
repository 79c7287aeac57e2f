import type { PinRecord } from "../memory/pin-memory.js";
import type { Waiter } from "./waiters.js";

/** A pin-state query on its way; `waiter` is missing when someone else asked. */
export interface PinQuery {
  readonly pin: number;
  readonly expected?: PinRecord;
  readonly waiter?: Waiter;
}

/** Pin-state queries on their way, oldest first. The board answers in order. */
export class PinQueries {
  readonly #queries: PinQuery[] = [];

  get length(): number {
    return this.#queries.length;
  }

  push(query: PinQuery): void {
    this.#queries.push(query);
  }

  /** The query that an answer for this pin is for. Those before it were lost on the way. */
  answer(pin: number): PinQuery | undefined {
    const at = this.#queries.findIndex((query) => query.pin === pin);
    return at < 0 ? undefined : this.#queries.splice(0, at + 1)[at];
  }

  /** Waits no more for somebody's answers. @returns The pins whose answers are missing. */
  drop(waiter: Waiter): number[] {
    const missing = this.#queries.filter((query) => query.waiter === waiter);
    for (const query of missing) this.#queries.splice(this.#queries.indexOf(query), 1);
    return missing.map(({ pin }) => pin);
  }

  clear(): void {
    this.#queries.length = 0;
  }
}

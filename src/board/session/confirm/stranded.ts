import type { CircuitError } from "../../../core/error.js";
import type { PinMemory } from "../memory/pin-memory.js";
import { superseded } from "./unconfirmed.js";
import type { Waiter } from "./waiters.js";

/** Of somebody who waits for the board to be back, nothing has been sent. */
const NOTHING_ASKED = { writes: 0, isOnce: false, answers: 0, failure: undefined };

/** Those who wait for a board that is away, and what becomes of them. */
export class Stranded {
  readonly #memory: PinMemory;
  readonly #waiters: Waiter[] = [];
  #isAway = false;
  /** Why nobody waits any longer. */
  #impatience: CircuitError | undefined;
  #lastStarted: Promise<void> = Promise.resolve();

  constructor(memory: PinMemory) {
    this.#memory = memory;
  }

  /** Whether the board is away. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /**
   * The board is away, with these who wait for it; the last of them has `lastStarted`.
   *
   * @param cause What those hear who wait for what cannot be brought back.
   */
  suspend(waiters: readonly Waiter[], lastStarted: Promise<void>, cause: CircuitError): void {
    this.#isAway = true;
    for (const waiter of waiters) {
      if (waiter.isOnce) waiter.reject(cause);
      else this.#waiters.push(waiter);
    }
    if (waiters.length > 0) this.#lastStarted = lastStarted;
  }

  /**
   * Resolves when the board is back, and all that was written until now is as it was written.
   *
   * @throws {CircuitError} The cause of `loseHope()`; `SUPERSEDED`.
   */
  wait(): Promise<void> {
    if (this.#impatience) return Promise.reject(this.#impatience);
    if (!this.#memory.hasDue) return this.#waiters.length > 0 ? this.#lastStarted : Promise.resolve();
    const { pins } = this.#memory.takeDue(false);
    this.#lastStarted = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ ...NOTHING_ASKED, pins, resolve, reject });
    });
    return this.#lastStarted;
  }

  /** The board stays away: rejects everybody who waits, and who asks until it is back. */
  loseHope(cause: CircuitError): void {
    this.#impatience = cause;
    for (const { reject } of this.#waiters.splice(0)) reject(cause);
  }

  /** The board is back. Rejects those whose pins were told something else since, and gives the others. */
  rescue(): Waiter[] {
    this.#isAway = false;
    this.#impatience = undefined;
    const [current, outdated] = [[], []] as [Waiter[], Waiter[]];
    for (const waiter of this.#waiters.splice(0))
      (waiter.pins.some((pin) => this.#memory.hasChanged(pin)) ? outdated : current).push(waiter);
    for (const { reject } of outdated) reject(superseded());
    return current;
  }
}

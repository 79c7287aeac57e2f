import { CircuitError } from "../core/error.js";
import type { VirtualTime } from "../emulator/virtual-time.js";

/** Until when, and for what, somebody lets time pass. */
interface Goal {
  readonly endMs: number;
  readonly reached: Promise<unknown>;
  isReached: boolean;
  settle(problem?: unknown): void;
}

/** Lets time pass for a test, and says how late it is. */
export interface Mover {
  /** Milliseconds since it began. */
  readonly nowMs: number;

  /** Lets this much time pass. Rejects with what a timer's callback threw, where that is its business. */
  advance(ms: number): Promise<void>;

  /** Lets time pass until a promise settles. @returns Whether it did, within `limitMs`. */
  settles(promise: Promise<unknown>, limitMs: number): Promise<boolean>;
}

/** Nearer to its end than this a wait is over: times are sums of fractions, in milliseconds. */
const ROUNDING_MS = 1e-6;

/** Node's own, kept before virtual time replaces it. */
const realImmediate = setImmediate;

/**
 * Moves virtual time for all who wait at the same time: a test may press a button while the acknowledgement of its
 * message is still on the way. Where nobody waits, no time passes.
 */
export class VirtualMover implements Mover {
  readonly #time: VirtualTime;
  readonly #goals = new Set<Goal>();
  #wake = () => {};
  #isMoving = false;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** Milliseconds of virtual time since it began. */
  get nowMs(): number {
    return this.#time.nowMs;
  }

  /** Lets this much time pass. Rejects with what a timer's callback threw. */
  async advance(ms: number): Promise<void> {
    await this.settles(new Promise(() => {}), ms);
  }

  /**
   * Lets time pass until a promise settles.
   *
   * @returns Whether it did, within `limitMs`. Rejects with what a timer's callback threw.
   */
  settles(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const goal: Goal = {
        endMs: this.nowMs + limitMs,
        isReached: false,
        reached: promise.then(
          () => {
            goal.isReached = true;
          },
          () => {
            goal.isReached = true;
          },
        ),
        settle: (problem) => (problem === undefined ? resolve(goal.isReached) : reject(problem)),
      };
      this.#goals.add(goal);
      this.#wake();
      if (!this.#isMoving) void this.#move();
    });
  }

  async #move(): Promise<void> {
    this.#isMoving = true;
    while (this.#goals.size > 0) {
      try {
        await this.#moveToNext();
      } catch (problem) {
        for (const goal of this.#goals) goal.settle(problem ?? new Error("a timer's callback threw nothing"));
        this.#goals.clear();
      }
      for (const goal of this.#goals) {
        if (!goal.isReached && goal.endMs - this.nowMs > ROUNDING_MS) continue;
        this.#goals.delete(goal);
        goal.settle();
      }
      // Whoever has waited may have something to say before time goes on for the others.
      await new Promise((resolve) => realImmediate(resolve));
    }
    this.#isMoving = false;
  }

  /** Until the first goal is reached or over, or another is there. */
  async #moveToNext(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const endMs = Math.min(...[...this.#goals].map((goal) => goal.endMs));
    const first = Promise.race([woken, ...[...this.#goals].map(({ reached }) => reached)]);
    try {
      await this.#time.until(first, { limitMs: Math.max(0, endMs - this.nowMs) });
    } catch (problem) {
      // `first` itself never rejects: this is time's own word that the end has come.
      const isOver = problem instanceof CircuitError && problem.code === "TIMEOUT";
      if (!isOver || endMs - this.nowMs > ROUNDING_MS) throw problem;
    }
  }
}

import { systemClock } from "../core/clock.js";
import type { Mover } from "./mover.js";

/** How long an expectation waits by default, in milliseconds of virtual time: longer than a person at a bench would. */
export const LIMIT_MS = 5_000;

/** What the test did, or had done to the circuit. */
export interface Deed {
  readonly atMs: number;
  readonly what: string;
}

/** Deeds that are kept; the older go first. */
const MOST_DEEDS = 10_000;

export interface WaitOptions {
  /** How long to wait, in milliseconds of virtual time. */
  readonly limitMs: number;
  /** Looks again after each change that this tells. Returns what ends it. */
  readonly changes?: (look: () => void) => () => void;
  /** Looks again after each so many milliseconds, for what tells no changes. */
  readonly pollMs?: number;
}

/**
 * How expectations wait and from when on they look: from the last thing that the test did to the circuit, and not again at
 * what an earlier expectation of the same pin or part has found.
 */
export class Watch {
  readonly mover: Mover;
  readonly deeds: Deed[] = [];
  readonly #failed: Promise<unknown>;
  readonly #check: () => void;
  readonly #found = new Map<string, number>();
  #markMs = 0;

  /**
   * @param failed Settles when the circuit has failed: then nobody waits any longer.
   * @param check Throws what it has failed with.
   */
  constructor(mover: Mover, failed: Promise<unknown>, check: () => void) {
    this.mover = mover;
    this.#failed = failed;
    this.#check = check;
  }

  get nowMs(): number {
    return this.mover.nowMs;
  }

  /** The test does something: what happens from now on may be expected. */
  did(what: string): void {
    this.mark();
    if (this.deeds.length >= MOST_DEEDS) this.deeds.shift();
    this.deeds.push({ atMs: this.nowMs, what });
  }

  /** What happens from now on may be expected. */
  mark(): void {
    this.#markMs = this.nowMs;
    this.#found.clear();
  }

  /** When the test did something last, in milliseconds. */
  get markMs(): number {
    return this.#markMs;
  }

  /** From when on an expectation of this looks. */
  sinceMs(what: string): number {
    return Math.max(this.#markMs, this.#found.get(what) ?? 0);
  }

  /** An expectation of this was met by what ended then. */
  found(what: string, endMs: number): void {
    this.#found.set(what, endMs);
  }

  /** Lets this much time pass, in milliseconds. Rejects with what the circuit fails with. */
  async advance(ms: number): Promise<void> {
    this.#check();
    await this.mover.advance(ms);
    this.#check();
  }

  /**
   * Lets time pass until something is so.
   *
   * @returns Whether it was, within the limit. Rejects with what the circuit fails with.
   */
  async until(isSo: () => boolean, { limitMs, changes, pollMs }: WaitOptions): Promise<boolean> {
    this.#check();
    if (isSo()) return true;
    let meet = () => {};
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const look = () => {
      if (isSo()) meet();
    };
    const leave = changes?.(look);
    const stop = pollMs === undefined ? undefined : every(pollMs, look);
    try {
      await this.mover.settles(Promise.race([met, this.#failed]), limitMs);
    } finally {
      leave?.();
      stop?.();
    }
    this.#check();
    return isSo();
  }
}

/** Calls back again and again. Returns what ends it. */
function every(ms: number, callback: () => void): () => void {
  const tick = () => {
    cancel = systemClock.after(ms, tick);
    callback();
  };
  let cancel = systemClock.after(ms, tick);
  return () => cancel();
}

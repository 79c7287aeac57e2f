import { AsyncLocalStorage } from "node:async_hooks";
import type { Loan } from "../../board/session/lent-board.js";
import { type Clock, sleepOn } from "../../core/clock.js";

/** Whose code runs. */
const living = new AsyncLocalStorage<Life | undefined>();

/**
 * The life of one version of a sketch, from its setup until another takes its place. What it does, and what that leads to, is
 * known to be its own: timers that it sets end with it, and the board that it was lent does.
 */
export class Life implements Loan {
  readonly #over = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  isPaused = false;

  constructor() {
    watchTimers();
  }

  /** Aborts when it is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Runs its code. */
  readonly enter = <Result>(work: () => Result): Result => living.run(this, work);

  /** Runs what others do for it, and have as their own. */
  readonly leave = <Result>(work: () => Result): Result => living.run(undefined, work);

  /** Takes a timer for its own. */
  own(timer: NodeJS.Timeout): void {
    if (this.isOver) clearTimeout(timer);
    else this.#timers.add(timer);
  }

  /** A timer is done. */
  disown(timer: NodeJS.Timeout): void {
    this.#timers.delete(timer);
  }

  /** Its clock: nothing comes when it is over. */
  clockOf(clock: Clock): Clock {
    const own: Clock = {
      now: () => clock.now(),
      after: (delayMs, callback) =>
        this.leave(() => clock.after(delayMs, () => this.isOver || void this.enter(callback))),
      sleep: (delayMs, signal) => sleepOn(own, delayMs, signal),
    };
    return own;
  }

  /** It is over, now. Idempotent. */
  end(cause: unknown): void {
    if (this.isOver) return;
    // Who hears of the end may still tidy up, in its own name.
    this.enter(() => this.#over.abort(cause));
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** Timers of ours. */
const watching = new WeakSet<object>();

/**
 * Has the process's timers know whose they are: from the first life on, for good. Sketches, and Johnny-Five, set them
 * as globals; what the engine's own code sets in passing is left alone. Virtual time has its own, which are watched in turn.
 */
function watchTimers(): void {
  const { setTimeout: once, setInterval: often } = globalThis;
  if (watching.has(once)) return;
  globalThis.setTimeout = Object.assign(
    (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) => {
      const life = living.getStore();
      if (life === undefined || isOfEngine()) return once(callback, delayMs, ...args);
      const timer = once(() => {
        life.disown(timer);
        callback(...args);
      }, delayMs);
      life.own(timer);
      return timer;
    },
    once,
  );
  globalThis.setInterval = Object.assign((...args: Parameters<typeof often>) => {
    const timer = often(...args);
    const life = living.getStore();
    if (life !== undefined && !isOfEngine()) life.own(timer);
    return timer;
  }, often);
  watching.add(globalThis.setTimeout);
}

/** Whether the engine's own code sets a timer, such as that of its HTTP client, which serves all. */
function isOfEngine(): boolean {
  return /\(?node:/.test(new Error().stack?.split("\n")[3] ?? "");
}

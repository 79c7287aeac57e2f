import { CircuitError } from "../core/error.js";
import { FakeTimers } from "./fake-timers.js";

/** Something whose time is moved in step with the host's: an emulated board. */
export interface Machine {
  /** Milliseconds, in this virtual time, of the earliest moment at which it can give the host something. */
  readonly earliestMs: number;

  /**
   * Runs up to a moment, or less far when it has something for the host.
   *
   * @returns Milliseconds, in this virtual time, up to which it ran.
   */
  runTo(timeMs: number): number;

  /** Hands over what it has. @returns Whether there was anything. */
  deliver(): boolean;
}

export interface VirtualTimeOptions {
  /** What `Date.now()` says at the beginning, in milliseconds. A fixed day by default, so that runs are alike. */
  readonly startEpochMs?: number;
}

/** The first of January 2026. */
const START_EPOCH_MS = Date.UTC(2026, 0, 1);

/** Virtual time that `until()` gives a promise, in milliseconds. */
const LIMIT_MS = 60_000;

/**
 * Time that jumps: to the next timer of the host, the next byte that a board has for it, or the asked-for moment.
 *
 * While installed, the process's global timers and clocks are its own, and it moves only in `advance()` and
 * `until()`. Host code takes no virtual time; whatever it was given, its chains of promises run to their end before
 * time goes on. The same program gives the same edges, to the microsecond.
 *
 * What waits for something outside (a file, a socket, a worker) gets no time to arrive: keep those out, or await
 * them before.
 */
export class VirtualTime implements Disposable {
  readonly #timers: FakeTimers;
  readonly #machines = new Set<Machine>();
  readonly #turn: (callback: () => void) => void = setImmediate;
  #moving = false;

  constructor({ startEpochMs = START_EPOCH_MS }: VirtualTimeOptions = {}) {
    this.#timers = new FakeTimers(startEpochMs);
  }

  /** Milliseconds since the beginning, with fractions. */
  get nowMs(): number {
    return this.#timers.nowMs;
  }

  /** Takes over the process's timers. Not twice, and not while another virtual time is installed. */
  install(): this {
    this.#timers.install();
    return this;
  }

  /** Gives the real ones back; timers that still wait are forgotten. Safe to call at any time. */
  uninstall(): void {
    this.#timers.uninstall();
  }

  [Symbol.dispose](): void {
    this.uninstall();
  }

  /** Moves a machine along from now on. Returns what leaves it behind. */
  add(machine: Machine): () => void {
    this.#machines.add(machine);
    return () => this.#machines.delete(machine);
  }

  /** Lets this much virtual time pass, in milliseconds. Rejects with what a timer's callback threw. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await this.#move(endMs, () => false);
  }

  /**
   * Lets time pass until a promise settles, and returns its value or rejects with its reason.
   *
   * @throws {CircuitError} `TIMEOUT` when it has not settled within `limitMs` of virtual time, 60 s by default.
   */
  async until<T>(promise: PromiseLike<T>, { limitMs = LIMIT_MS }: { limitMs?: number } = {}): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    const startMs = this.nowMs;
    await this.#move(startMs + limitMs, () => settled);
    if (settled) return promise;
    throw new CircuitError(
      "TIMEOUT",
      `Cannot wait for the promise: it has not settled in ${limitMs} ms of virtual time (from ${startMs.toFixed(3)} to ${this.nowMs.toFixed(3)} ms)`,
      { hint: "Check what it waits for, or give it a longer limitMs" },
    );
  }

  async #move(endMs: number, done: () => boolean): Promise<void> {
    if (this.#moving) throw new Error("Cannot move virtual time: it is being moved already");
    this.#moving = true;
    try {
      await this.#settle();
      while (!done()) {
        if (this.#step(endMs)) await this.#settle();
        else if (this.nowMs >= endMs) return;
      }
    } finally {
      this.#moving = false;
    }
  }

  /** Lets the host's chains of promises run: a turn of the real event loop comes only after all of them. */
  #settle(): Promise<void> {
    return new Promise((resolve) => this.#turn(resolve));
  }

  /** Goes on to the next moment at which something happens. Returns whether the host was given anything. */
  #step(endMs: number): boolean {
    if (this.#timers.runDue()) return true;
    const targetMs = Math.min(this.#timers.nextMs, endMs);
    this.#timers.moveTo(this.#runMachines(targetMs));
    let gave = false;
    for (const machine of [...this.#machines]) gave = machine.deliver() || gave;
    return gave;
  }

  /**
   * Runs every machine as far as no other can give the host something before, so that what the host then tells any
   * of them does not come late. One alone stops by itself.
   */
  #runMachines(targetMs: number): number {
    let boundMs = targetMs;
    if (this.#machines.size > 1)
      for (const machine of this.#machines) boundMs = Math.min(boundMs, machine.earliestMs);
    let reachedMs = boundMs;
    for (const machine of this.#machines) reachedMs = Math.min(reachedMs, machine.runTo(boundMs));
    return reachedMs;
  }
}

/** A timer that waits for its time. */
interface Waiting {
  readonly id: number;
  readonly callback: () => void;
  readonly delayMs: number;
  readonly repeats: boolean;
  dueMs: number;
  /** Breaks ties: what was asked for first runs first. */
  order: number;
}

/** Longest delay that Node takes, in milliseconds; for one beyond it, as for one below 1, it waits 1. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Virtual time that a turn of the event loop takes, in milliseconds, for those who poll with `setImmediate`. Other
 * host code takes none, but a loop that polls until a moment has come would then never see it come.
 */
const TURN_MS = 0.01;

const MS_PER_SECOND = 1_000;
const NS_PER_MS = 1_000_000;

function delayOf(delay: unknown): number {
  const delayMs = Number(delay);
  return delayMs >= 1 && delayMs <= MAX_DELAY_MS ? Math.trunc(delayMs) : 1;
}

/** What `setTimeout` and its kin return: Node's `Timeout` and `Immediate`, as far as programs use them. */
class Handle {
  readonly #timers: FakeTimers;
  readonly #waiting: Waiting;

  constructor(timers: FakeTimers, waiting: Waiting) {
    this.#timers = timers;
    this.#waiting = waiting;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    this.#timers.start(this.#waiting);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#waiting.id;
  }

  [Symbol.dispose](): void {
    this.#timers.clear(this);
  }
}

/** A property of an object for a while. Returns what brings the old one back. */
function replace(target: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(target, name, before);
    else Reflect.deleteProperty(target, name);
  };
}

let installed = false;

/** Nobody who does not wait in a loop measures more often in one turn. */
const BUSY_MEASURES = 1_000;

/** What each further measurement takes, in milliseconds: about what it does in truth. */
const BUSY_STEP_MS = 0.001;

/**
 * The process's timers and clocks, replaced by ones that go only where they are told: the globals `setTimeout`,
 * `setInterval`, `setImmediate`, `Date`, `performance.now` and `process.hrtime`.
 *
 * Ours rather than a library's, because timers here are exact to the microsecond, the next one can be asked for,
 * and a turn of `setImmediate` takes a little time. `node:timers`, `node:timers/promises`
 * and `AbortSignal.timeout` stay real.
 */
export class FakeTimers {
  readonly #startEpochMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #first: Waiting | undefined;
  #nowMs = 0;
  #started = 0;
  /** How often host code has asked, since time moved last, how much has passed. */
  #measured = 0;
  #restore: (() => void)[] = [];

  /** @param startEpochMs What `Date.now()` says at the beginning. */
  constructor(startEpochMs: number) {
    this.#startEpochMs = startEpochMs;
  }

  /** Milliseconds since the beginning, with fractions. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the next timer is due; `Infinity` where none waits. */
  get nextMs(): number {
    return this.#next()?.dueMs ?? Infinity;
  }

  /** Moves time, never back, and runs nothing. */
  moveTo(timeMs: number): void {
    this.#measured = 0;
    this.#nowMs = Math.max(this.#nowMs, timeMs);
  }

  /**
   * Runs the first timer that is due.
   *
   * @returns Whether there was one. What it throws is thrown.
   */
  runDue(): boolean {
    const next = this.#next();
    if (!next || next.dueMs > this.#nowMs) return false;
    if (next.repeats) this.start(next, next.dueMs);
    else this.#remove(next.id);
    next.callback();
    return true;
  }

  /** Starts a timer's wait, or starts it anew. */
  start(waiting: Waiting, fromMs = this.#nowMs): void {
    waiting.dueMs = fromMs + waiting.delayMs;
    waiting.order = ++this.#started;
    this.#waiting.set(waiting.id, waiting);
    this.#first = undefined;
  }

  /** Takes a timer back; what is not one of these is left alone. */
  clear(handle: unknown): void {
    if (handle instanceof Handle || typeof handle === "number" || typeof handle === "string")
      this.#remove(Number(handle));
  }

  /** Replaces the globals. One at a time in a process: two would take each other's for the real ones. */
  install(): void {
    if (installed) throw new Error("Cannot install virtual time: another one is installed in this process");
    installed = true;
    const clear = (handle: unknown) => this.clear(handle);
    const globals = {
      setTimeout: this.#starter(false, delayOf),
      setInterval: this.#starter(true, delayOf),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
      setImmediate: (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
        this.#add(() => callback(...args), TURN_MS, false),
      Date: this.#date(),
    };
    for (const [name, value] of Object.entries(globals)) this.#restore.push(replace(globalThis, name, value));
    this.#restore.push(replace(performance, "now", () => this.#nowMs));
    this.#restore.push(replace(process, "hrtime", this.#hrtime()));
  }

  /** Brings the real ones back and forgets every timer. Safe to call at any time. */
  uninstall(): void {
    if (this.#restore.length > 0) installed = false;
    for (const restore of this.#restore.splice(0)) restore();
    this.#waiting.clear();
    this.#first = undefined;
  }

  #next(): Waiting | undefined {
    if (this.#first) return this.#first;
    for (const waiting of this.#waiting.values()) {
      const first = this.#first;
      if (
        !first ||
        waiting.dueMs < first.dueMs ||
        (waiting.dueMs === first.dueMs && waiting.order < first.order)
      )
        this.#first = waiting;
    }
    return this.#first;
  }

  #remove(id: number): void {
    this.#waiting.delete(id);
    this.#first = undefined;
  }

  #add(callback: () => void, delayMs: number, repeats: boolean): Handle {
    const waiting = { id: this.#started + 1, callback, delayMs, repeats, dueMs: 0, order: 0 };
    this.start(waiting);
    return new Handle(this, waiting);
  }

  #starter(repeats: boolean, delayFrom: (delay: unknown) => number) {
    return (callback: (...args: unknown[]) => void, delay?: unknown, ...args: unknown[]) =>
      this.#add(() => callback(...args), delayFrom(delay), repeats);
  }

  #date(): DateConstructor {
    const now = () => Math.floor(this.#startEpochMs + this.#nowMs);
    return new Proxy(Date, {
      construct: (target, args, newTarget) =>
        Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
      apply: (target) => new target(now()).toString(),
      get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
    });
  }

  /** Code that asks again and again how much has passed waits in a loop, as Johnny-Five's LCD does: it would for ever. */
  #measure(): void {
    if (++this.#measured > BUSY_MEASURES) this.#nowMs += BUSY_STEP_MS;
  }

  #hrtime() {
    const nowNs = () => Math.round(this.#nowMs * NS_PER_MS);
    const hrtime = (since?: readonly [number, number]): [number, number] => {
      if (since) this.#measure();
      const perSecond = MS_PER_SECOND * NS_PER_MS;
      const ns = nowNs() - (since?.[0] ?? 0) * perSecond - (since?.[1] ?? 0);
      const seconds = Math.floor(ns / perSecond);
      return [seconds, ns - seconds * perSecond];
    };
    return Object.assign(hrtime, { bigint: () => BigInt(nowNs()) });
  }
}

import type { Clock } from "../../../core/clock.js";
import type { CircuitError } from "../../../core/error.js";
import type { PinRecord } from "../memory/pin-memory.js";
import type { Outbox } from "../outbox/outbox.js";
import type { Replaced } from "../outbox/outbox-queue.js";
import { CONFIRM_TIMEOUT_MS, supersededWaiting } from "./unconfirmed.js";

/** Somebody who waits for a confirmation. */
export interface Waiter {
  /** The pins that it is about, as they are to be. */
  readonly pins: readonly PinRecord[];
  /** Number of the last digital write that an echo must have counted; 0 where none is waited for. */
  readonly writes: number;
  /** Whether it is also about a message that cannot be brought back when the board goes away. */
  readonly isOnce: boolean;
  /** Answers still to come. */
  answers: number;
  failure: CircuitError | undefined;
  readonly resolve: () => void;
  readonly reject: (error: CircuitError) => void;
}

interface Timed extends Waiter {
  readonly sinceMs: number;
  deadlineMs: number;
}

export interface WaitersOptions {
  readonly clock: Clock;
  readonly outbox: Pick<Outbox, "freeAtMs" | "oldestMs">;
  /** The time of one is over, who waits no more. */
  readonly late: (waiter: Waiter) => void;
}

/** Those who wait for the board's answers, the first first: the board answers in order. */
export class Waiters {
  readonly #options: WaitersOptions;
  readonly #waiters: Timed[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(options: WaitersOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#waiters.length;
  }

  add(waiter: Waiter): void {
    const sinceMs = this.#options.clock.now();
    this.#waiters.push(Object.assign(waiter, { sinceMs, deadlineMs: this.#deadlineMs() }));
  }

  /** The first that waits for a write with a higher number. */
  after(write: number): Waiter | undefined {
    return this.#waiters.find(({ writes }) => writes > write);
  }

  /** Takes those that wait for a write with a higher number. */
  takeAfter(write: number): Waiter[] {
    const taken = this.#waiters.filter(({ writes }) => writes > write);
    for (const waiter of taken) this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    return taken;
  }

  /** Takes all, and watches no more. */
  takeAll(): Waiter[] {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    return this.#waiters.splice(0);
  }

  /** Lets those go whose answers are here. @param counted Number of the last write that was executed. */
  settle(counted: number): void {
    let done = 0;
    for (const waiter of this.#waiters) {
      if (waiter.answers > 0 || waiter.writes > counted) break;
      done++;
      if (waiter.failure) waiter.reject(waiter.failure);
      else waiter.resolve();
    }
    if (done > 0) this.#waiters.splice(0, done);
  }

  /** A later write has taken the place of one that had not been sent: who waits for its values waits in vain. */
  replaced({ number, port, pins }: Replaced): void {
    const isLost = ({ pin }: PinRecord) => pin >> 3 === port && ((pins >> (pin & 7)) & 1) === 1;
    for (let at = this.#waiters.length - 1; at >= 0; at--) {
      const waiter = this.#waiters[at];
      if (waiter === undefined || waiter.writes < number) continue;
      const lost = waiter.pins.find(isLost);
      if (lost === undefined) continue;
      this.#waiters.splice(at, 1);
      waiter.reject(supersededWaiting(lost.pin));
    }
  }

  /** One timer for all: it looks at the oldest waiter, and again when that one's time would be over. */
  watch(): void {
    const [oldest] = this.#waiters;
    if (this.#cancelTimer || !oldest) return;
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.max(0, oldest.deadlineMs - clock.now()), () => {
      this.#cancelTimer = undefined;
      this.#look(clock.now());
      this.watch();
    });
  }

  #look(nowMs: number): void {
    const { outbox, late } = this.#options;
    for (let [oldest] = this.#waiters; oldest && oldest.deadlineMs <= nowMs; [oldest] = this.#waiters) {
      // Its time begins when the last that it waits for has been sent.
      if (outbox.oldestMs <= oldest.sinceMs) {
        oldest.deadlineMs = this.#deadlineMs();
      } else {
        this.#waiters.shift();
        late(oldest);
      }
    }
  }

  #deadlineMs(): number {
    return this.#options.outbox.freeAtMs + CONFIRM_TIMEOUT_MS;
  }
}

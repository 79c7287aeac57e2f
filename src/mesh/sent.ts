import type { Deadline, Deadlines, Pending } from "../core/deadlines.js";
import { CircuitError } from "../core/error.js";
import type { Payload } from "./payload.js";
import type { Outbox, Waiter } from "./waiter.js";

type Resolve = (ack: Payload) => void;
type Reject = (problem: unknown) => void;

/** One message on its way, and the Promise of its ack. */
export class Sent implements Waiter {
  readonly #resolve: Resolve;
  readonly #reject: Reject;

  constructor(resolve: Resolve, reject: Reject) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isGone(): boolean {
    return false;
  }

  sent(): void {}

  acked(payload: Payload): void {
    this.#resolve(payload);
  }

  failed(problem: unknown): void {
    this.#reject(problem);
  }
}

export interface WatchedSentOptions {
  readonly resolve: Resolve;
  readonly reject: Reject;
  readonly outbox: Outbox;
  readonly target: string;
  readonly signal: AbortSignal | undefined;
  /** When nobody waits any more, on the clock of `deadlines`, in milliseconds. */
  readonly deadlineAtMs: number | undefined;
  readonly deadlines: Deadlines;
}

/**
 * One message on its way that somebody may take back, or that has a deadline. Apart from `Sent`, because it costs more
 * than all the rest of a message.
 */
export class WatchedSent implements Waiter, Deadline {
  readonly #options: WatchedSentOptions;
  #isGone = false;
  #abort: (() => void) | undefined;
  readonly atMs: number;
  #pending: Pending | undefined;

  constructor(options: WatchedSentOptions) {
    this.#options = options;
    const { signal, deadlineAtMs = Number.POSITIVE_INFINITY, deadlines } = options;
    this.atMs = deadlineAtMs;
    if (signal) {
      this.#abort = () => this.#giveUp(signal.reason);
      signal.addEventListener("abort", this.#abort, { once: true });
    }
    if (Number.isFinite(deadlineAtMs)) this.#pending = deadlines.add(this);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  sent(): void {}

  acked(payload: Payload): void {
    this.#settle();
    this.#options.resolve(payload);
  }

  failed(problem: unknown): void {
    this.#settle();
    this.#options.reject(problem);
  }

  /** See `Deadline`. */
  late(): void {
    this.#giveUp(lateError(this.#options.target));
  }

  #giveUp(reason: unknown): void {
    if (this.#isGone) return;
    this.failed(reason);
    this.#options.outbox.abandon(this, 1);
  }

  #settle(): void {
    this.#isGone = true;
    if (this.#pending) this.#options.deadlines.remove(this.#pending);
    if (this.#abort) this.#options.signal?.removeEventListener("abort", this.#abort);
  }
}

/** What who waits for a target hears when the time is over. */
export function lateError(target: string): CircuitError {
  return new CircuitError(
    "TIMEOUT",
    `Cannot get an ack from ${target}: the time of whoever waits for it is over`,
    {
      hint: "Answer sooner, or let the first sender wait longer.",
    },
  );
}

import type { Clock } from "../core/clock.js";
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

export interface WatchSentOptions {
  readonly resolve: Resolve;
  readonly reject: Reject;
  readonly outbox: Outbox;
  readonly signal: AbortSignal | undefined;
  /** When nobody waits any more, by whose clock, and for whom. */
  readonly late: { readonly atMs: number; readonly clock: Clock; readonly target: string } | undefined;
}

/**
 * One message on its way that somebody may take back, or that has a deadline. Apart from `Sent`, because a signal or a
 * timer costs more than all the rest of a message.
 */
export function watchSent({ resolve, reject, outbox, signal, late }: WatchSentOptions): Waiter {
  let isGone = false;
  const giveUp = (reason: unknown) => {
    if (isGone) return;
    settle();
    reject(reason);
    outbox.abandon(waiter, 1);
  };
  const abort = () => giveUp(signal?.reason);
  const stopWaiting =
    late?.clock.after(Math.max(0, late.atMs - late.clock.now()), () => giveUp(lateError(late.target))) ??
    (() => {});
  const settle = () => {
    isGone = true;
    stopWaiting();
    signal?.removeEventListener("abort", abort);
  };
  const waiter: Waiter = {
    get isGone() {
      return isGone;
    },
    sent() {},
    acked(payload) {
      settle();
      resolve(payload);
    },
    failed(problem) {
      settle();
      reject(problem);
    },
  };
  signal?.addEventListener("abort", abort, { once: true });
  return waiter;
}

function lateError(target: string): CircuitError {
  return new CircuitError(
    "TIMEOUT",
    `Cannot get an ack from ${target}: the time of whoever waits for it is over`,
    {
      hint: "Answer sooner, or let the first sender wait longer.",
    },
  );
}

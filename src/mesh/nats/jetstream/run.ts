import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type { DurableEvent } from "../../durable.js";
import type { KeptMessage } from "./kept-message.js";

/** For handlers that ask for none. */
const NEVER = new AbortController().signal;

/** One event on its way through the handler. */
export class Run {
  readonly key: string;
  readonly event: DurableEvent;
  /** The event as it was handed out last. */
  kept: KeptMessage;
  readonly #clock: Clock;
  /** To make one takes as long as a small handler. */
  readonly #abort: AbortController | undefined;
  #fail: ((reason: unknown) => void) | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  /** @param hasSignal Whether its handler wants to know when it is aborted. */
  constructor(kept: KeptMessage, clock: Clock, hasSignal: boolean) {
    this.kept = kept;
    this.key = kept.key;
    this.event = kept.event(clock);
    this.#clock = clock;
    this.#abort = hasSignal ? new AbortController() : undefined;
  }

  get signal(): AbortSignal {
    return this.#abort?.signal ?? NEVER;
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#abort?.abort(reason);
    this.#fail?.(this.#aborted.reason);
  }

  /** Resolves when what the handler has begun is done; rejects with what it throws, or when it is aborted or takes too long. */
  async through(work: PromiseLike<unknown>, handlerMs: number): Promise<void> {
    const late = () =>
      this.abort(
        new CircuitError("TIMEOUT", `Cannot handle ${this.event.subject}: it took more than ${handlerMs} ms`),
      );
    const stop = handlerMs === Number.POSITIVE_INFINITY ? undefined : this.#clock.after(handlerMs, late);
    try {
      await new Promise<unknown>((resolve, reject) => {
        this.#fail = reject;
        // A Promise that has taken over another is not rejected any more, so it waits for the handler's beside it.
        work.then(resolve, reject);
        if (this.#aborted) reject(this.#aborted.reason);
      });
    } finally {
      stop?.();
    }
  }
}

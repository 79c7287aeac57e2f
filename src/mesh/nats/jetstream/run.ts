import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type { DurableEvent } from "../../durable.js";
import type { KeptMessage } from "./kept-message.js";

/** One event on its way through the handler. */
export class Run {
  readonly key: string;
  readonly event: DurableEvent;
  /** The event as it was handed out last. */
  kept: KeptMessage;
  readonly #clock: Clock;
  readonly #abort = new AbortController();

  constructor(kept: KeptMessage, clock: Clock) {
    this.kept = kept;
    this.key = kept.key;
    this.event = kept.event(clock);
    this.#clock = clock;
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** Resolves when the handler has handled it; rejects with what it threw, or when it is aborted or takes too long. */
  async through(
    handler: (event: DurableEvent, signal: AbortSignal) => unknown,
    handlerMs: number,
  ): Promise<void> {
    const { signal } = this.#abort;
    const late = () =>
      this.abort(
        new CircuitError("TIMEOUT", `Cannot handle ${this.event.subject}: it took more than ${handlerMs} ms`),
      );
    const stop = handlerMs === Number.POSITIVE_INFINITY ? () => {} : this.#clock.after(handlerMs, late);
    try {
      await new Promise<unknown>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        signal.throwIfAborted();
        // A Promise that has taken over another is not rejected any more, so it waits for the handler's beside it.
        Promise.resolve(handler(this.event, signal)).then(resolve, reject);
      });
    } finally {
      stop();
    }
  }
}

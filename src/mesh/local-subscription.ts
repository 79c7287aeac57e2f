import { messageOf } from "../core/error.js";
import { isThenable } from "../core/thenable.js";
import type { EventHandler, MeshEvent, SubscribeOptions, Subscription } from "./event.js";

/** Somebody of this process who listens. */
export class LocalSubscription implements Subscription {
  readonly pattern: string;
  /** In whose name it hears one of several; `undefined` where it hears all. */
  readonly queue: string | undefined;
  /** Number under which it asks others for last events; 0 where it does not. */
  readonly ask: number;
  readonly #handler: EventHandler;
  readonly #options: SubscribeOptions;
  #closed: ((subscription: LocalSubscription) => void) | undefined;

  /**
   * @param closed Told once, when it hears nothing any more.
   * @param ask 0 where it asks nobody for last events.
   */
  constructor(
    pattern: string,
    handler: EventHandler,
    options: SubscribeOptions,
    closed: (subscription: LocalSubscription) => void,
    ask = 0,
  ) {
    this.pattern = pattern;
    this.queue = options.queue;
    this.ask = ask;
    this.#handler = handler;
    this.#options = options;
    this.#closed = closed;
    options.signal?.addEventListener("abort", this.#abort, { once: true });
  }

  get isClosed(): boolean {
    return this.#closed === undefined;
  }

  /** Hands an event to the handler. Whatever that does, the others get theirs. */
  deliver(event: MeshEvent): void {
    if (this.isClosed) return;
    try {
      const answer = this.#handler(event);
      if (isThenable(answer))
        Promise.resolve(answer).then(undefined, (error: unknown) => this.fail(error, event));
    } catch (error) {
      this.fail(error, event);
    }
  }

  /** Tells of an error of the handler's, or of the engine's. */
  fail(error: unknown, event?: MeshEvent): void {
    const { onError } = this.#options;
    try {
      if (onError) onError(error, event);
      else process.emitWarning(`A handler of ${event?.subject ?? this.pattern} failed: ${messageOf(error)}`);
    } catch {
      // Who takes errors and throws has nobody to tell.
    }
  }

  close(): void {
    const closed = this.#closed;
    if (closed === undefined) return;
    this.#closed = undefined;
    this.#options.signal?.removeEventListener("abort", this.#abort);
    closed(this);
  }

  readonly #abort = (): void => this.close();
}

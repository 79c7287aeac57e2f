import { CircuitError } from "../core/error.js";
import { AckStream } from "./ack-stream.js";
import { checkChannel } from "./channel.js";
import type { StreamOptions } from "./mesh.js";
import type { Outlet, Waiter } from "./outlet.js";
import { Outlets, type OutletsOptions } from "./outlets.js";
import { checkMessage } from "./text.js";

/** Time that a mesh goes on looking for a peer, in milliseconds: enough to start a process by hand. */
export const DEFAULT_PATIENCE_MS = 10_000;

/** The sending half of a mesh, the same for every kind of link. */
export class Sender {
  readonly #options: OutletsOptions;
  readonly #outlets: Outlets;
  #isClosed = false;

  constructor(options: OutletsOptions) {
    this.#options = options;
    this.#outlets = new Outlets(options);
  }

  /** See `Mesh.send()`. */
  send(target: string, message: string, { channel = "", signal }: StreamOptions = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      checkMessage(message, this.#options.limits);
      if (channel !== "") checkChannel(channel, this.#options.limits);
      signal?.throwIfAborted();
      const outlet = this.#findOutlet(target, channel);
      outlet.post(
        message,
        signal === undefined ? new Sent(resolve, reject) : new AbortableSent(resolve, reject, outlet, signal),
      );
    });
  }

  /** See `Mesh.stream()`. */
  stream(
    target: string,
    messages: Iterable<string> | AsyncIterable<string>,
    { channel = "", signal }: StreamOptions = {},
  ): AckStream {
    const { limits } = this.#options;
    return new AckStream({
      messages,
      signal,
      limits,
      check: () => checkChannel(channel, limits),
      findOutlet: () => this.#findOutlet(target, channel),
    });
  }

  /** Rejects what waits, and all that comes. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#outlets.close();
  }

  #findOutlet(target: string, channel: string): Outlet {
    if (this.#isClosed) throw meshClosed(`reach ${target}`);
    return this.#outlets.find(target, channel);
  }
}

/** What a mesh says after `close()`. */
export function meshClosed(what: string): CircuitError {
  return new CircuitError("PEER_LOST", `Cannot ${what}: this mesh is closed`);
}

/** One message on its way. */
class Sent implements Waiter {
  readonly #resolve: (ack: string) => void;
  readonly #reject: (problem: unknown) => void;

  constructor(resolve: (ack: string) => void, reject: (problem: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isGone(): boolean {
    return false;
  }

  sent(): void {}

  acked(text: string): void {
    this.#resolve(text);
  }

  failed(problem: unknown): void {
    this.#reject(problem);
  }
}

/** Apart from `Sent`, because listening to a signal costs more than all the rest of a message. */
class AbortableSent extends Sent {
  readonly #signal: AbortSignal;
  readonly #abort: () => void;
  #isGone = false;

  constructor(
    resolve: (ack: string) => void,
    reject: (problem: unknown) => void,
    outlet: Outlet,
    signal: AbortSignal,
  ) {
    super(resolve, reject);
    this.#signal = signal;
    this.#abort = () => {
      this.#isGone = true;
      reject(signal.reason);
      outlet.abandon(1);
    };
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  override get isGone(): boolean {
    return this.#isGone;
  }

  override acked(text: string): void {
    this.#signal.removeEventListener("abort", this.#abort);
    super.acked(text);
  }

  override failed(problem: CircuitError): void {
    this.#signal.removeEventListener("abort", this.#abort);
    super.failed(problem);
  }
}

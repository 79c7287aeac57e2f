import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { EventHandler, EventHeaders, Subscription } from "../mesh/event.js";
import type { Delivery, Messages } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import type { TabSendOptions } from "./tab.js";

/** What a sketch may ask of the tab that it runs in. */
export interface SketchTab {
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  send(target: string, message: Payload, channel?: string, options?: TabSendOptions): Promise<Payload>;
  stream(
    target: string,
    messages: Messages,
    channel?: string,
    options?: TabSendOptions,
  ): AsyncIterableIterator<Payload>;
  publish(subject: string, data: Payload, options?: { readonly headers?: EventHeaders }): number;
  on(pattern: string, handler: EventHandler): Subscription;
}

/**
 * Something that reacts, in a page: the face of `Sketch` in Node, without a board. What `loop()` sends does not inherit the
 * deadline and the calls of the message that it handles, because a browser does not tell them apart.
 */
export abstract class Sketch {
  #tab: SketchTab | undefined;

  /** Prepares the sketch, once, before any message. */
  setup(_context: { readonly node: string; readonly signal: AbortSignal }): void | Promise<void> {}

  /** Reacts to a message. Returns the acknowledgement. */
  loop(_channel: string, _message: Payload, _delivery: Delivery): unknown {
    return undefined;
  }

  /** For a sketch that acts by itself, such as a clock. */
  run?(): Promise<void>;

  protected send(
    target: string,
    message: Payload,
    channel?: string,
    options?: TabSendOptions,
  ): Promise<Payload> {
    return this.#running.send(target, message, channel, options);
  }

  protected stream(
    target: string,
    messages: Messages,
    channel?: string,
    options?: TabSendOptions,
  ): AsyncIterableIterator<Payload> {
    return this.#running.stream(target, messages, channel, options);
  }

  protected publish(subject: string, data: Payload, options?: { readonly headers?: EventHeaders }): number {
    return this.#running.publish(subject, data, options);
  }

  protected on(pattern: string, handler: EventHandler): Subscription {
    return this.#running.on(pattern, handler);
  }

  protected get signal(): AbortSignal {
    return this.#running.signal;
  }

  protected get clock(): Clock {
    return this.#running.clock;
  }

  /** For whoever runs sketches, not for sketches. */
  async start(tab: SketchTab): Promise<void> {
    this.#tab = tab;
    await this.setup({ node: tab.name, signal: tab.signal });
  }

  get #running(): SketchTab {
    if (this.#tab) return this.#tab;
    throw new CircuitError("USAGE", `Cannot use ${this.constructor.name}: it is not running`);
  }
}

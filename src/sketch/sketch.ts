import type { Board } from "../board/board.js";
import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { Random } from "../core/random.js";
import type { ObserverHandler } from "../events/event.js";
import type { Observer } from "../events/observer.js";
import { type ObserverDefinition, type ObserverOptions, on } from "../events/on.js";
import { observersOf } from "../events/on-method.js";
import type { DurablePublishOptions, StoredAt } from "../mesh/durable.js";
import type { PublishOptions } from "../mesh/event.js";
import type { Delivery, Messages, StreamOptions } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";

/** What a sketch is given when it is set up. */
export interface SketchContext {
  /** Name of the node that the sketch runs as. */
  readonly node: string;
  /** The node's board. Reading it throws `USAGE` where the node has none. */
  readonly board: Board;
  /** Aborts when the node stops. */
  readonly signal: AbortSignal;
}

/** How a message reaches `loop()`. */
export interface SketchDelivery extends Pick<Delivery, "signal" | "deliveryCount" | "idempotencyKey"> {}

/** How messages of a sketch go. */
export interface SketchSendOptions extends Pick<StreamOptions, "signal" | "retry" | "idempotencyKey"> {
  /**
   * Time for the acknowledgement, or for all those of a stream, in milliseconds: `TIMEOUT` when it is over. By default
   * `send()` has the circuit's own, and a stream as long as it takes. No handler gives longer than its caller does.
   */
  readonly deadlineMs?: number;
}

/** What a running sketch may ask of whoever runs it. */
export interface SketchHost extends SketchContext {
  readonly clock: Clock;
  /** Numbers from 0 to 1, repeatable where a seed was given. */
  readonly random: Random;
  send(target: string, message: Payload, channel?: string, options?: SketchSendOptions): Promise<Payload>;
  stream(
    target: string,
    messages: Messages,
    channel?: string,
    options?: SketchSendOptions,
  ): AsyncIterableIterator<Payload>;
  publish(subject: string, data: Payload, options?: Omit<PublishOptions, "from">): number | undefined;
  store(subject: string, data: Payload, options?: Omit<DurablePublishOptions, "from">): Promise<StoredAt>;
  join(): Promise<void>;
  observe(definition: ObserverDefinition): Observer;
  confirm(writes?: number): Promise<void>;
  out(text: string): void;
}

/**
 * Something that reacts: `setup()` runs once, `loop()` for each message that another node sends.
 *
 * Subclasses override what they need. What `loop()` returns is the acknowledgement that the sender waits for;
 * it is sent once the board has confirmed what `loop()` wrote. What `loop()` throws rejects the sender's
 * message, and the node lives on.
 */
export abstract class Sketch {
  #host: SketchHost | undefined;

  /** Whether the sketch drives a board; one that does not needs none. */
  readonly usesBoard: boolean = true;

  /** Prepares the sketch, once, before any message: makes its Johnny-Five components. */
  setup(_context: SketchContext): void | Promise<void> {}

  /**
   * Reacts to a message. Returns the acknowledgement; nothing is acknowledged as `n/a`.
   *
   * A delivery after the first (`deliveryCount`) may have run before, in a process that has died, under the same
   * `idempotencyKey`. Its `signal` aborts when nobody waits for the acknowledgement any more.
   */
  loop(_channel: string, _message: Payload, _delivery: SketchDelivery): unknown {
    return undefined;
  }

  /** For a sketch that acts by itself, such as a clock: the node ends when this does. */
  run?(): Promise<void>;

  /**
   * Sends a message to another node and resolves with its acknowledgement.
   *
   * @throws {CircuitError} `PEER_MISSING`, `PEER_LOST`, `PEER_REFUSED` or `DELIVERY_UNKNOWN`, as the mesh does;
   *   `TIMEOUT`; the signal's own reason.
   */
  protected send(
    target: string,
    message: Payload,
    channel?: string,
    options?: SketchSendOptions,
  ): Promise<Payload> {
    return this.#running.send(target, message, channel, options);
  }

  /**
   * Sends each message to another node and yields each acknowledgement, in order. Later messages are sent before
   * earlier acknowledgements arrive.
   *
   * @throws {CircuitError} As `send()` does.
   */
  protected stream(
    target: string,
    messages: Messages,
    channel?: string,
    options?: SketchSendOptions,
  ): AsyncIterableIterator<Payload> {
    return this.#running.stream(target, messages, channel, options);
  }

  /**
   * Tells all who observe a subject that something happened, and returns at once: nobody is waited for, and nothing is
   * kept for those who are away. What is published before others are linked reaches nobody there: `join()` waits for them.
   *
   * @returns How many were known to listen; `undefined` over NATS, which does not tell.
   * @throws {CircuitError} `MESSAGE_INVALID` for a subject or data that cannot be.
   */
  protected publish(
    subject: string,
    data: Payload,
    options?: Omit<PublishOptions, "from">,
  ): number | undefined {
    return this.#running.publish(subject, data, options);
  }

  /**
   * Publishes an event for durable observers, and resolves when the engine has stored it.
   *
   * @throws {CircuitError} `USAGE` where nothing keeps events (it takes NATS with JetStream), `EVENT_UNKEPT` where no
   *   durable observer of the subject has ever been, and what `publish()` throws.
   */
  protected store(
    subject: string,
    data: Payload,
    options?: Omit<DurablePublishOptions, "from">,
  ): Promise<StoredAt> {
    return this.#running.store(subject, data, options);
  }

  /**
   * Resolves when every process that is known has been told what is observed here, and has told the same, or has not
   * answered in time: what is published from then on reaches those who observed it before.
   */
  protected join(): Promise<void> {
    return this.#running.join();
  }

  /**
   * Reacts to events from now on, until the node stops, the observer is closed or its `signal` aborts. `@On` does the same
   * for a method.
   *
   * @throws {CircuitError} `MESSAGE_INVALID` for what is no pattern, `USAGE` for options that cannot be, or `durable` where
   *   nothing keeps events.
   */
  protected on<Data = Payload>(
    pattern: string,
    handler: ObserverHandler<NoInfer<Data>>,
    options?: ObserverOptions<Data>,
  ): Observer {
    return this.#running.observe(on(pattern, handler, options));
  }

  /**
   * Resolves when the board has executed what was written to it, and counts `writes` as confirmed. Does nothing
   * for a node with `confirm: false`.
   */
  protected confirm(writes?: number): Promise<void> {
    return this.#running.confirm(writes);
  }

  /** Prints a line in the node's name. */
  protected out(text: string): void {
    this.#running.out(text);
  }

  /** Aborts when the node stops. */
  protected get signal(): AbortSignal {
    return this.#running.signal;
  }

  protected get clock(): Clock {
    return this.#running.clock;
  }

  /** Numbers from 0 to 1, repeatable where the circuit has a seed. */
  protected get random(): Random {
    return this.#running.random;
  }

  /** Gives the sketch its host and sets it up. For whoever runs sketches, not for sketches. */
  async start(host: SketchHost): Promise<void> {
    this.#host = host;
    await this.setup(host);
    for (const definition of observersOf(this)) host.observe(definition);
  }

  get #running(): SketchHost {
    if (this.#host) return this.#host;
    throw new CircuitError("USAGE", `Cannot use ${this.constructor.name}: it is not running`, {
      hint: "Use send(), stream(), publish(), store(), join(), on(), out(), signal and clock in setup(), loop() and run(), not in the constructor.",
    });
  }
}

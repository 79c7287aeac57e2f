import type { Board } from "../board/board.js";
import type { BoardSession } from "../board/session/board-session.js";
import { unlessAborted } from "../core/abort.js";
import type { Clock } from "../core/clock.js";
import { CircuitError, describeThrown } from "../core/error.js";
import type { Random } from "../core/random.js";
import type { Observer } from "../events/observer.js";
import { Observers } from "../events/observers.js";
import type { ObserverDefinition } from "../events/on.js";
import type { ObserverTally } from "../events/tallies.js";
import { CONTROL_CHANNEL } from "../mesh/channel.js";
import type { DurablePublishOptions, StoredAt } from "../mesh/durable.js";
import type { PublishOptions } from "../mesh/event.js";
import type { Delivery, Mesh, Messages, ServedNode, ServeOptions } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import type { Sketch, SketchHost, SketchSendOptions } from "../sketch/sketch.js";
import { runBecause, withTrace } from "./handling.js";
import type { CircuitNodeOptions, NodeCounts } from "./node-options.js";
import { Sending } from "./sending.js";
import { namingUnwired } from "./unwired.js";

/** A sketch that runs as a node: joins it to its board and to the mesh. */
export class CircuitNode implements SketchHost {
  readonly node: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly out: (text: string) => void;
  readonly #notice: (text: string) => void;
  readonly #sketch: Sketch;
  readonly #session: BoardSession | undefined;
  readonly #mesh: Mesh;
  readonly #confirms: boolean;
  readonly #observers: Observers;
  readonly #sending: Sending;
  readonly #obey: CircuitNodeOptions["obey"];
  /** Aborts when its board is gone for good. */
  readonly #still = new AbortController();
  #served: ServedNode | undefined;
  #confirmed = 0;

  constructor(options: CircuitNodeOptions) {
    this.node = options.name;
    this.signal = AbortSignal.any([options.signal, this.#still.signal]);
    this.clock = options.clock;
    this.random = options.random;
    this.out = options.out;
    this.#notice = options.notice;
    this.#sketch = options.sketch;
    this.#session = options.session;
    this.#mesh = options.mesh;
    this.#confirms = options.confirms;
    this.#obey = options.obey;
    this.#sending = new Sending({ ...options, signal: this.signal });
    this.#observers = new Observers({
      mesh: options.mesh,
      clock: options.clock,
      node: options.name,
      from: options.name,
      keeping: options.keeping,
      notice: options.notice,
      publish: (subject, data, settings) => this.publish(subject, data, settings),
      runBecause,
    });
  }

  get board(): Board {
    if (this.#session) return this.#session.board;
    throw new CircuitError(
      "USAGE",
      `Cannot use the board of ${this.node}: its sketch says that it uses none`,
      {
        hint: "Leave `usesBoard` true in a sketch that drives a board.",
      },
    );
  }

  /** Name of its sketch's class; empty where it has none. */
  get sketchName(): string {
    return this.#sketch.constructor.name;
  }

  /** Address of its board; `undefined` for a sketch that uses none. */
  get boardAddress(): string | undefined {
    return this.#session?.address;
  }

  counts(): NodeCounts {
    return { ...this.#sending.counts(), confirmed: this.#confirmed };
  }

  /**
   * Sets the sketch up.
   *
   * @throws What its `setup()` throws; for a pin that the wiring lacks, with the node's name.
   */
  async setUp(): Promise<void> {
    try {
      await this.#sketch.start(this);
      await this.#observers.ready();
    } catch (error) {
      throw namingUnwired(this.node, error);
    }
  }

  /** Begins to take messages. */
  async serve(options: ServeOptions): Promise<ServedNode> {
    const handle = (delivery: Delivery) =>
      this.#obey && delivery.channel === CONTROL_CHANNEL ? this.#obey(delivery) : this.#handle(delivery);
    this.#served = await this.#mesh.serve(this.node, handle, options);
    if (this.isStill) await this.#served.close();
    return this.#served;
  }

  /** Its board is another: tells those who look for nodes. */
  async tellBoard(about: NonNullable<ServeOptions["about"]>): Promise<void> {
    await this.#served?.tellAbout?.(about);
  }

  /** Whether other processes reach it. */
  get isReached(): boolean {
    return !this.isStill && (this.#served?.addresses.length ?? 0) > 0;
  }

  /** Runs the part of the sketch that acts by itself; `undefined` where it only reacts. */
  run(): Promise<void> | undefined {
    const run = this.#sketch.run?.();
    return run && unlessAborted(run, this.#still.signal);
  }

  /** Whether it stands still, because its board is gone for good. */
  get isStill(): boolean {
    return this.#still.signal.aborted;
  }

  /** Takes no more messages, and ends what its sketch does by itself. Idempotent. */
  async standStill(cause: unknown): Promise<void> {
    this.#still.abort(cause);
    await Promise.all([this.#served?.close(), this.finishObservers(0)]);
  }

  send(target: string, message: Payload, channel = "", options: SketchSendOptions = {}): Promise<Payload> {
    return this.#sending.send(target, message, channel, options);
  }

  stream(
    target: string,
    messages: Messages,
    channel = "",
    options: SketchSendOptions = {},
  ): AsyncIterableIterator<Payload> {
    return this.#sending.stream(target, messages, channel, options);
  }

  publish(
    subject: string,
    data: Payload,
    { headers }: Omit<PublishOptions, "from"> = {},
  ): number | undefined {
    return this.#mesh.publish(subject, data, { from: this.node, ...withTrace(headers) });
  }

  async store(
    subject: string,
    data: Payload,
    options: Omit<DurablePublishOptions, "from"> = {},
  ): Promise<StoredAt> {
    const { durable } = this.#mesh;
    if (durable)
      return durable.publish(subject, data, { ...options, from: this.node, ...withTrace(options.headers) });
    throw new CircuitError("USAGE", `Cannot store an event of ${subject}: nothing here keeps events`, {
      hint: "Give --mesh nats://… of a server with JetStream, or use publish().",
    });
  }

  async join(): Promise<void> {
    await this.#mesh.join();
  }

  observe(definition: ObserverDefinition): Observer {
    this.signal.throwIfAborted();
    return this.#observers.start(definition);
  }

  /** What its observers have done so far. */
  observed(): readonly Readonly<ObserverTally>[] {
    return this.#observers.counts();
  }

  /** Ends its observers: what runs has so long to finish. */
  finishObservers(graceMs: number): Promise<void> {
    return this.#observers.finish(graceMs);
  }

  async confirm(writes = 0): Promise<void> {
    if (!this.#session || !this.#confirms) return;
    await this.#session.board.confirm();
    this.#confirmed += writes;
  }

  #handle(delivery: Delivery): unknown {
    try {
      const { channel, message } = delivery;
      const answer = runBecause(delivery, () => this.#sketch.loop(channel, message, delivery));
      const board = this.#confirms ? this.#session?.board : undefined;
      const settled = board ? answerWhenConfirmed(answer, board) : answer;
      if (settled instanceof Promise) settled.catch((thrown: unknown) => this.#tellFailure(thrown));
      return settled;
    } catch (thrown) {
      this.#tellFailure(thrown);
      throw thrown;
    }
  }

  /** The sender is told of it too, but it may be another process, and gets neither hint nor trace. */
  #tellFailure(thrown: unknown): void {
    if (!this.signal.aborted) this.#notice(`${this.node}: ${describeThrown(thrown)}`);
  }
}

async function answerWhenConfirmed(answer: unknown, board: Board): Promise<unknown> {
  const settled = await answer;
  await board.confirm();
  return settled;
}

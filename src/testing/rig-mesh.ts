import { unlessAborted } from "../core/abort.js";
import { systemClock } from "../core/clock.js";
import { CircuitError, messageOf } from "../core/error.js";
import type { MeshCounts } from "../mesh/counts.js";
import type { EventHandler, PublishOptions, SubscribeOptions, Subscription } from "../mesh/event.js";
import { MemoryMesh } from "../mesh/memory/memory-mesh.js";
import type {
  Delivery,
  Handler,
  Mesh,
  Messages,
  ServedNode,
  ServeOptions,
  StreamOptions,
} from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import { keep, type RigEvent, type RigMessage, type Told } from "./heard.js";

/** A node as the rig can take it off the mesh and put it back. */
interface Station {
  readonly serve: () => Promise<ServedNode>;
  served: ServedNode | undefined;
  slowMs: number;
  /** What ends a cut; `undefined` where the node is linked. */
  mend: (() => void) | undefined;
  mended: Promise<void>;
  /** What ends its death; `undefined` while it lives. */
  revive: (() => void) | undefined;
  revived: Promise<void>;
}

export interface RigMeshOptions {
  /** Told when something is served or heard. */
  readonly touched: () => void;
  /** How late it is for the test. */
  readonly nowMs: () => number;
  /** What carries the messages, where they go to other processes. */
  readonly inner?: Mesh | undefined;
}

/** All nodes in one process, with a hand on each node's link. */
export class RigMesh implements Mesh {
  readonly messages: RigMessage[] = [];
  readonly events: RigEvent[] = [];
  readonly durable = undefined;
  readonly #inner: Mesh;
  readonly #now: () => number;
  readonly #stations = new Map<string, Station>();
  readonly #touched: () => void;

  constructor({ touched, nowMs, inner = new MemoryMesh() }: RigMeshOptions) {
    this.#touched = touched;
    this.#now = nowMs;
    this.#inner = inner;
  }

  /** Names of the nodes that have been served. */
  get names(): readonly string[] {
    return [...this.#stations.keys()];
  }

  /**
   * The node's process dies: what it works on, and what it is sent, is as the mesh says of a peer that is gone. What it
   * sends itself waits until it is revived, what it publishes is lost, and no acknowledgement reaches it before.
   */
  async kill(node: string): Promise<void> {
    const station = this.#find(node, "kill");
    if (station.revive) return;
    station.revived = new Promise((resolve) => {
      station.revive = resolve;
    });
    await station.served?.close();
    station.served = undefined;
  }

  /** The node is back, with its sketch as it was. */
  async revive(node: string): Promise<void> {
    const station = this.#find(node, "revive");
    station.served ??= await station.serve();
    station.revive?.();
    station.revive = undefined;
  }

  /** From now on neither messages nor acknowledgements pass, until `mend()`. */
  cut(node: string): void {
    const station = this.#find(node, "cut");
    if (station.mend) return;
    station.mended = new Promise((resolve) => {
      station.mend = resolve;
    });
  }

  mend(node: string): void {
    const station = this.#find(node, "mend");
    station.mend?.();
    station.mend = undefined;
  }

  /** Each message is so long on its way from now on, one after the other on a channel; 0 ends it. */
  slow(node: string, ms: number): void {
    this.#find(node, "slow").slowMs = ms;
  }

  async serve(name: string, handler: Handler, options?: ServeOptions): Promise<ServedNode> {
    this.#touched();
    const serve = () =>
      this.#inner.serve(name, (delivery) => this.#handle(station, name, handler, delivery), options);
    const station: Station = {
      serve,
      served: undefined,
      slowMs: 0,
      mend: undefined,
      mended: Promise.resolve(),
      revive: undefined,
      revived: Promise.resolve(),
    };
    const served = await serve();
    station.served = served;
    this.#stations.set(name, station);
    const drain = async (graceMs?: number) => station.served?.drain(graceMs);
    return {
      ...served,
      name,
      addresses: served.addresses,
      drain,
      close: async () => station.served?.close(),
    };
  }

  async send(target: string, message: Payload, options?: StreamOptions): Promise<Payload> {
    await this.#lives(options);
    const told = this.#sent(target, message, options);
    try {
      const ack = await this.#inner.send(target, message, options);
      if (told) told.ack = ack;
      return ack;
    } catch (error) {
      if (told) told.problem = messageOf(error);
      throw error;
    } finally {
      await this.#lives(options);
    }
  }

  async *stream(target: string, messages: Messages, options?: StreamOptions): AsyncIterableIterator<Payload> {
    const told: (Told | undefined)[] = [];
    const next = async (message: Payload) => {
      await this.#lives(options);
      told.push(this.#sent(target, message, options));
      return message;
    };
    async function* sent() {
      for await (const message of messages) yield await next(message);
    }
    for await (const ack of this.#inner.stream(target, sent(), options)) {
      await this.#lives(options);
      const first = told.shift();
      if (first) first.ack = ack;
      yield ack;
    }
  }

  publish(subject: string, data: Payload, options?: PublishOptions): number | undefined {
    if (this.#isDead(options)) return 0;
    keep(this.events, { atMs: this.#now(), subject, data });
    return this.#inner.publish(subject, data, options);
  }

  publishOwn(subject: string, data: Payload, options?: PublishOptions): void {
    if (this.#isDead(options)) return;
    keep(this.events, { atMs: this.#now(), subject, data });
    this.#inner.publishOwn(subject, data, options);
  }

  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Subscription {
    this.#touched();
    return this.#inner.subscribe(pattern, handler, options);
  }

  counts(): MeshCounts {
    return this.#inner.counts();
  }

  join(): Promise<number> {
    return this.#inner.join();
  }

  close(): Promise<void> {
    for (const { mend, revive } of this.#stations.values()) {
      mend?.();
      revive?.();
    }
    return this.#inner.close();
  }

  async #handle(station: Station, node: string, handler: Handler, delivery: Delivery): Promise<unknown> {
    if (station.slowMs > 0) await systemClock.sleep(station.slowMs, delivery.signal);
    await station.mended;
    delivery.signal.throwIfAborted();
    const { channel, message } = delivery;
    const told: Told = { atMs: this.#now(), node, channel, message };
    keep(this.messages, told);
    try {
      told.ack = await handler(delivery);
    } catch (error) {
      told.problem = messageOf(error);
      throw error;
    }
    await station.mended;
    return told.ack;
  }

  /** A message to a node of another process is seen where it leaves; those to nodes here where they arrive. */
  #sent(node: string, message: Payload, { channel = "" }: StreamOptions = {}): Told | undefined {
    if (this.#stations.has(node)) return undefined;
    const told: Told = { atMs: this.#now(), node, channel, message };
    keep(this.messages, told);
    return told;
  }

  #isDead({ from = "" }: StreamOptions | PublishOptions = {}): boolean {
    return this.#stations.get(from)?.revive !== undefined;
  }

  /** Resolves when the node that sends is alive. @throws Where it gives up before, the signal's own reason. */
  async #lives({ from = "", signal }: StreamOptions = {}): Promise<void> {
    const revived = this.#stations.get(from)?.revived;
    if (!this.#isDead({ from }) || !revived) return;
    await (signal ? unlessAborted(revived, signal) : revived);
  }

  #find(node: string, verb: string): Station {
    const station = this.#stations.get(node);
    if (station) return station;
    throw new CircuitError(
      "USAGE",
      `Cannot ${verb} ${node}: the circuit has no such node (it has ${this.names.join(", ") || "none"})`,
    );
  }
}

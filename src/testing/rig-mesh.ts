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

/** A message that reached a node, and what became of it. */
export interface RigMessage {
  readonly atMs: number;
  readonly node: string;
  readonly channel: string;
  readonly message: Payload;
  /** What its sketch returned; `undefined` as long as it works on it, or where it threw. */
  readonly ack?: unknown;
  /** What its sketch threw. */
  readonly problem?: string;
}

/** Something that was published. */
export interface RigEvent {
  readonly atMs: number;
  readonly subject: string;
  readonly data: Payload;
}

/** Messages, and events, that are kept; the older go first. An hour of two a second is 7 200. */
const MOST_KEPT = 100_000;

/** A node as the rig can take it off the mesh and put it back. */
interface Station {
  readonly serve: () => Promise<ServedNode>;
  served: ServedNode | undefined;
  slowMs: number;
  /** What ends a cut; `undefined` where the node is linked. */
  mend: (() => void) | undefined;
  mended: Promise<void>;
}

/** All nodes in one process, with a hand on each node's link. */
export class RigMesh implements Mesh {
  readonly messages: RigMessage[] = [];
  readonly events: RigEvent[] = [];
  readonly durable = undefined;
  readonly #inner = new MemoryMesh();
  readonly #stations = new Map<string, Station>();
  readonly #touched: () => void;

  /** @param touched Told when something is served or heard. */
  constructor(touched: () => void) {
    this.#touched = touched;
  }

  /** Names of the nodes that have been served. */
  get names(): readonly string[] {
    return [...this.#stations.keys()];
  }

  /** The node's process dies: what it works on, and what it is sent, is as the mesh says of a peer that is gone. */
  async kill(node: string): Promise<void> {
    const station = this.#find(node, "kill");
    await station.served?.close();
    station.served = undefined;
  }

  /** The node is back, with its sketch as it was. */
  async revive(node: string): Promise<void> {
    const station = this.#find(node, "revive");
    station.served ??= await station.serve();
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
    };
    station.served = await serve();
    this.#stations.set(name, station);
    const drain = async (graceMs?: number) => station.served?.drain(graceMs);
    return { name, addresses: [], drain, close: async () => station.served?.close() };
  }

  send(target: string, message: Payload, options?: StreamOptions): Promise<Payload> {
    return this.#inner.send(target, message, options);
  }

  stream(target: string, messages: Messages, options?: StreamOptions): AsyncIterableIterator<Payload> {
    return this.#inner.stream(target, messages, options);
  }

  publish(subject: string, data: Payload, options?: PublishOptions): number {
    keep(this.events, { atMs: systemClock.now(), subject, data });
    return this.#inner.publish(subject, data, options);
  }

  publishOwn(subject: string, data: Payload, options?: PublishOptions): void {
    keep(this.events, { atMs: systemClock.now(), subject, data });
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
    for (const { mend } of this.#stations.values()) mend?.();
    return this.#inner.close();
  }

  async #handle(station: Station, node: string, handler: Handler, delivery: Delivery): Promise<unknown> {
    if (station.slowMs > 0) await systemClock.sleep(station.slowMs, delivery.signal);
    await station.mended;
    delivery.signal.throwIfAborted();
    const { channel, message } = delivery;
    const told: { -readonly [Key in keyof RigMessage]: RigMessage[Key] } = {
      ...{ atMs: systemClock.now(), node, channel, message },
    };
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

  #find(node: string, verb: string): Station {
    const station = this.#stations.get(node);
    if (station) return station;
    throw new CircuitError(
      "USAGE",
      `Cannot ${verb} ${node}: the circuit has no such node (it has ${this.names.join(", ") || "none"})`,
    );
  }
}

function keep<Item>(kept: Item[], item: Item): void {
  if (kept.length >= MOST_KEPT) kept.shift();
  kept.push(item);
}

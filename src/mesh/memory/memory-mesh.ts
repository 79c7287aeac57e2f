import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { MeshCounts } from "../counts.js";
import type { EventHandler, PublishOptions, SubscribeOptions, Subscription } from "../event.js";
import { EventHub } from "../hub/event-hub.js";
import { DEFAULT_LIMITS, type MeshLimits } from "../limits.js";
import type {
  Handler,
  Mesh,
  Messages,
  PeerNotice,
  ServedNode,
  ServeOptions,
  StreamOptions,
} from "../mesh.js";
import type { Payload } from "../payload.js";
import { DEFAULT_PATIENCE_MS, meshClosed, Sender } from "../sender.js";
import { LocalNodes } from "./local-nodes.js";

export interface MemoryMeshOptions {
  /** Used for patience and closing only; messages need no timer. */
  readonly clock?: Clock;
  readonly patienceMs?: number;
  readonly notice?: PeerNotice;
  readonly limits?: Partial<MeshLimits>;
}

/** All nodes in one process. Keeps every promise of a mesh, and moves with virtual time. */
export class MemoryMesh implements Mesh {
  readonly #nodes: LocalNodes;
  readonly #sender: Sender;
  readonly #hub: EventHub;
  #isClosed = false;

  readonly durable = undefined;
  constructor({
    clock = systemClock,
    patienceMs = DEFAULT_PATIENCE_MS,
    notice,
    limits: changed,
  }: MemoryMeshOptions = {}) {
    const limits = { ...DEFAULT_LIMITS, ...changed };
    this.#hub = new EventHub({ clock, limits, schedule: soon });
    this.#nodes = new LocalNodes({ clock, limits, schedule: soon });
    this.#sender = new Sender({
      dial: (target, dialing) => this.#nodes.connect(target, dialing, this.#describeMissing(target)),
      schedule: soon,
      clock,
      patienceMs,
      limits,
      notice,
    });
  }

  async serve(name: string, handler: Handler, { concurrency }: ServeOptions = {}): Promise<ServedNode> {
    if (this.#isClosed) throw meshClosed(`serve ${name}`);
    const node = this.#nodes.add(name, handler, concurrency);
    const drain = (graceMs?: number) => this.#nodes.remove(node, () => node.drain(graceMs));
    return { name, addresses: [], drain, close: () => this.#nodes.remove(node) };
  }

  send(target: string, message: Payload, options?: StreamOptions): Promise<Payload> {
    return this.#sender.send(target, message, options);
  }

  stream(target: string, messages: Messages, options?: StreamOptions): AsyncIterableIterator<Payload> {
    return this.#sender.stream(target, messages, options);
  }

  publish(subject: string, data: Payload, options?: PublishOptions): number {
    if (this.#isClosed) throw meshClosed(`publish to ${subject}`);
    return this.#hub.publish(subject, data, options);
  }

  publishOwn(subject: string, data: Payload, options?: PublishOptions): void {
    if (!this.#isClosed) this.#hub.publishOwn(subject, data, options);
  }

  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Subscription {
    if (this.#isClosed) throw meshClosed(`listen to ${pattern}`);
    return this.#hub.subscribe(pattern, handler, options);
  }

  counts(): MeshCounts {
    return { nodes: this.#nodes.counts(), peers: this.#sender.counts(), events: this.#hub.tally };
  }

  async join(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#hub.close();
    this.#sender.close();
    await this.#nodes.close();
  }

  #describeMissing(target: string): CircuitError {
    return new CircuitError("PEER_MISSING", `Cannot reach ${target}: this mesh serves no node of that name`, {
      hint: `Serve ${target}, or send to one of: ${this.#nodes.names.join(", ") || "(there are none)"}.`,
    });
  }
}

/** A turn of nodes that move with virtual time is a microtask: no timer of the process's is needed. */
const soon = queueMicrotask;

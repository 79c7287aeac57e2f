import type { Clock } from "../../core/clock.js";
import type { Discovery } from "../discovery/discovery.js";
import type { EventHandler, PublishOptions, SubscribeOptions, Subscription } from "../event.js";
import type { EventHub } from "../hub/event-hub.js";
import { Neighbours } from "../hub/neighbours.js";
import type { MeshLimits } from "../limits.js";
import type { LocalNodes } from "../memory/local-nodes.js";
import type { Payload } from "../payload.js";
import type { Meeting } from "../peer.js";
import type { Trust } from "../safety/trust.js";

export interface WsEventsOptions {
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly discovery: Discovery | undefined;
  /** Nodes whose addresses were given. */
  readonly grid: ReadonlyMap<string, string>;
  /** Nodes of this process, which need no link. */
  readonly own: Pick<LocalNodes, "names" | "firstName">;
  /** By what nodes of this process may be kept from publishing. */
  readonly trust: Trust | undefined;
  /** Connects in the name of a node of this process. */
  meet(target: string, from: string | undefined, meeting: Meeting): void;
}

/**
 * Events over links to all nodes that are known: those of the grid, and those that are found. From the first event or
 * subscription on, the process keeps a link to each; where nodes prove their names, one for each of its own that has
 * published.
 */
export class WsEvents {
  readonly #options: WsEventsOptions;
  /** Those that are linked with, by the node of this process that is: empty where names are not told apart. */
  readonly #neighbours = new Map<string, Neighbours>();
  readonly #known = new Set<string>();
  readonly #isByName: boolean;
  #begun: Promise<void> | undefined;
  #stopWatching = () => {};
  #isClosed = false;

  constructor(options: WsEventsOptions) {
    this.#options = options;
    this.#isByName = options.trust?.isByName === true;
  }

  /** See `Mesh`, also for those that follow. */
  publish(subject: string, data: Payload, options?: PublishOptions): number {
    const { hub, trust } = this.#options;
    if (!this.#isByName) {
      const listeners = hub.publish(subject, data, options);
      this.#begun ??= this.#begin();
      return listeners;
    }
    const from = this.#nameOf(options);
    trust?.checkPublisher(from, subject);
    const listeners = hub.publish(subject, data, { ...options, from });
    this.#takePart(from);
    return listeners;
  }

  publishOwn(subject: string, data: Payload, options?: PublishOptions): void {
    const from = this.#isByName ? this.#nameOf(options) : "";
    this.#options.hub.publishOwn(subject, data, { ...options, ...(from !== "" && { from }) });
    this.#takePart(from);
  }

  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Subscription {
    const subscription = this.#options.hub.subscribe(pattern, handler, options);
    this.#begun ??= this.#begin();
    return subscription;
  }

  async join(): Promise<number> {
    this.#begun ??= this.#begin();
    await this.#begun;
    await Promise.all([...this.#neighbours.values()].map((neighbours) => neighbours.settle()));
    return this.#options.hub.settle();
  }

  /** A node has come into the grid. */
  introduced(name: string): void {
    if (this.#begun) this.#add(name);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
    for (const neighbours of this.#neighbours.values()) neighbours.close();
    this.#options.hub.close();
  }

  /** Who publishes, where nodes prove their names. */
  #nameOf(options: PublishOptions | undefined): string {
    return options?.from ?? this.#options.own.firstName ?? "";
  }

  /** Takes part from now on, with links in the name of who publishes. Idempotent. */
  #takePart(from: string): void {
    if (from !== "") this.#linkAs(from);
    this.#begun ??= this.#begin();
  }

  /** Keeps links to all nodes in the name of one of ours. Idempotent. */
  #linkAs(name: string): void {
    if (this.#isClosed || this.#neighbours.has(name)) return;
    const { clock, limits, meet, own } = this.#options;
    const neighbours = new Neighbours({
      clock,
      limitMs: limits.handshakeMs,
      // A process that serves nothing yet may later.
      meet: (target, meeting) => meet(target, name === "" ? own.firstName : name, meeting),
    });
    this.#neighbours.set(name, neighbours);
    for (const target of this.#known) neighbours.add(target);
  }

  async #begin(): Promise<void> {
    const { discovery, grid, own } = this.#options;
    if (this.#neighbours.size === 0) this.#linkAs((this.#isByName && own.firstName) || "");
    for (const name of grid.keys()) this.#add(name);
    await discovery?.start();
    if (discovery === undefined || this.#isClosed) return;
    const { table } = discovery;
    for (const { name } of table.nodes) this.#add(name);
    this.#stopWatching = table.watch(({ type, node: { name } }) => {
      if (type !== "went") this.#add(name);
      else if (table.named(name).length === 0 && !grid.has(name)) this.#delete(name);
    });
  }

  #add(name: string): void {
    if (this.#options.own.names.includes(name)) return;
    this.#known.add(name);
    for (const neighbours of this.#neighbours.values()) neighbours.add(name);
  }

  #delete(name: string): void {
    this.#known.delete(name);
    for (const neighbours of this.#neighbours.values()) neighbours.delete(name);
  }
}

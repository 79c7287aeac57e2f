import type { Clock } from "../../core/clock.js";
import type { Discovery } from "../discovery/discovery.js";
import type { EventHandler, PublishOptions, SubscribeOptions, Subscription } from "../event.js";
import type { EventHub } from "../events/event-hub.js";
import { Neighbours } from "../events/neighbours.js";
import type { MeshLimits } from "../limits.js";
import type { Payload } from "../payload.js";
import type { Meeting } from "../peer.js";

export interface WsEventsOptions {
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly discovery: Discovery | undefined;
  /** Nodes whose addresses were given. */
  readonly grid: ReadonlyMap<string, string>;
  /** Nodes of this process, which need no link. */
  readonly own: () => readonly string[];
  meet(target: string, meeting: Meeting): void;
}

/**
 * Events over links to all nodes that are known: those of the grid, and those that are found. From the first event or
 * subscription on, the process keeps a link to each.
 */
export class WsEvents {
  readonly #options: WsEventsOptions;
  readonly #neighbours: Neighbours;
  #begun: Promise<void> | undefined;
  #stopWatching = () => {};
  #isClosed = false;

  constructor(options: WsEventsOptions) {
    this.#options = options;
    const { clock, limits } = options;
    const meet = (target: string, meeting: Meeting) => options.meet(target, meeting);
    this.#neighbours = new Neighbours({ clock, limitMs: limits.handshakeMs, meet });
  }

  /** See `Mesh`, also for those that follow. */
  publish(subject: string, data: Payload, options?: PublishOptions): number {
    const listeners = this.#options.hub.publish(subject, data, options);
    this.#begun ??= this.#begin();
    return listeners;
  }

  publishOwn(subject: string, data: Payload, options?: PublishOptions): void {
    this.#options.hub.publishOwn(subject, data, options);
    this.#begun ??= this.#begin();
  }

  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Subscription {
    const subscription = this.#options.hub.subscribe(pattern, handler, options);
    this.#begun ??= this.#begin();
    return subscription;
  }

  async join(): Promise<void> {
    this.#begun ??= this.#begin();
    await this.#begun;
    await this.#neighbours.settle();
    await this.#options.hub.settle();
  }

  /** A node has come into the grid. */
  introduced(name: string): void {
    if (this.#begun) this.#add(name);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
    this.#neighbours.close();
    this.#options.hub.close();
  }

  async #begin(): Promise<void> {
    const { discovery, grid } = this.#options;
    for (const name of grid.keys()) this.#add(name);
    await discovery?.start();
    if (discovery === undefined || this.#isClosed) return;
    const { table } = discovery;
    for (const { name } of table.nodes) this.#add(name);
    this.#stopWatching = table.watch(({ type, node: { name } }) => {
      if (type !== "went") this.#add(name);
      else if (table.named(name).length === 0 && !grid.has(name)) this.#neighbours.delete(name);
    });
  }

  #add(name: string): void {
    if (!this.#options.own().includes(name)) this.#neighbours.add(name);
  }
}

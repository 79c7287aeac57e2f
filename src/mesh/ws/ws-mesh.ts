import { type Clock, systemClock } from "../../core/clock.js";
import type { MeshCounts } from "../counts.js";
import type { Discovery } from "../discovery/discovery.js";
import type { EventHandler, PublishOptions, SubscribeOptions, Subscription } from "../event.js";
import { Guests } from "../guests/guests.js";
import { EventHub } from "../hub/event-hub.js";
import { DEFAULT_LIMITS, type MeshLimits } from "../limits.js";
import { LocalNodes } from "../memory/local-nodes.js";
import type {
  Handler,
  Mesh,
  Messages,
  PeerNotice,
  ServedNode,
  ServeOptions,
  StreamOptions,
} from "../mesh.js";
import type { Node } from "../node.js";
import type { Payload } from "../payload.js";
import type { Trust } from "../safety/trust.js";
import { DEFAULT_PATIENCE_MS, meshClosed, Sender } from "../sender.js";
import type { FrameTap } from "../tap.js";
import { WsConnector } from "./connect.js";
import { Finder } from "./finder.js";
import type { Listening } from "./listen.js";
import type { Pages } from "./pages.js";
import { Poll } from "./poll.js";
import type { Safety } from "./safety.js";
import { serveWs } from "./serve.js";
import type { Tls } from "./tls.js";
import { WsEvents } from "./ws-events.js";

export interface WsMeshOptions {
  /** Where each peer listens, for example `{ buzzer: "ws://127.0.0.1:8766" }`. */
  readonly grid?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Time to go on trying to reach a peer, in milliseconds; `Infinity` for ever. */
  readonly patienceMs?: number;
  readonly notice?: PeerNotice;
  /** Origins of web pages that may connect; none by default. */
  readonly allowedOrigins?: readonly string[];
  /** Names besides localhost under which nodes may be reached, in lower case, without a port. */
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<MeshLimits>;
  /** Finds peers that the grid does not name, and lets others find the nodes that have a port. Closed with the mesh. */
  readonly discovery?: Discovery;
  /** Where to try peers that neither the grid names nor anybody has announced. */
  readonly fallback?: Readonly<Record<string, string>>;
  /** What the ports of its nodes say to those who ask without a WebSocket. */
  readonly pages?: Pages;
  /** Whether peers are asked for the framed protocol. True by default; the plain one is what foreign nodes speak. */
  readonly framed?: boolean;
  /**
   * Whether to keep the event loop awake for 0.3 ms after each frame, which makes single round trips between two cores
   * several times as quick and takes a core while messages come. It rests where it does not help. False by default.
   */
  readonly poll?: boolean;
  /** Told each frame that comes or goes. */
  readonly tap?: FrameTap | undefined;
  /**
   * Whom nodes talk to, and how. Without it they ask nobody for anything, and listen to this machine only. Closed with
   * the mesh.
   */
  readonly safety?: Safety;
}

/**
 * Nodes that talk over WebSockets, by the plain protocol: the path of the URL is the channel, a text frame is a
 * message, and each is answered, in order, by one text frame. Any WebSocket client can take part.
 *
 * A target that the grid does not name is looked for in this process and reached directly, then among the nodes that
 * are announced, then at its fallback address.
 */
export class WsMesh implements Mesh {
  readonly #options: Required<Pick<WsMeshOptions, "clock" | "allowedOrigins" | "allowedHosts" | "pages">> & {
    readonly limits: MeshLimits;
    readonly poll: Poll | undefined;
    readonly tap: FrameTap | undefined;
    readonly trust: Trust | undefined;
    readonly tls: Tls | undefined;
  };
  readonly #safety: Safety | undefined;
  readonly #discovery: Discovery | undefined;
  /** Takes back what is announced of a node. */
  readonly #withdrawals = new Map<Node, () => Promise<void>>();
  readonly #nodes: LocalNodes;
  /** Web pages, and who else cannot listen. */
  readonly #guests: Guests;
  /** Where nodes listen that have a port. */
  readonly #hosts = new Map<string, string>();
  readonly #listening = new Map<Node, Promise<Listening>>();
  readonly #connector: WsConnector;
  readonly #finder: Finder;
  readonly #sender: Sender;
  readonly #hub: EventHub;
  readonly #events: WsEvents;
  #closed: Promise<void> | undefined;

  /** @throws {CircuitError} `ADDRESS_INVALID` for an address of the grid that cannot be one. */
  readonly durable = undefined;
  constructor({
    grid = {},
    clock = systemClock,
    patienceMs = DEFAULT_PATIENCE_MS,
    notice,
    allowedOrigins = [],
    allowedHosts = [],
    limits: changed,
    framed = true,
    discovery,
    fallback = {},
    poll: polls = false,
    pages = {},
    safety,
    tap,
  }: WsMeshOptions = {}) {
    const limits = { ...DEFAULT_LIMITS, ...changed };
    const { trust, tls } = safety ?? { trust: undefined, tls: undefined };
    const poll = polls ? new Poll(clock) : undefined;
    this.#options = { clock, limits, allowedOrigins, allowedHosts, poll, pages, trust, tls, tap };
    this.#safety = safety;
    this.#discovery = discovery;
    const schedule = process.nextTick;
    const hub = new EventHub({ clock, limits, schedule, isByName: trust?.isByName });
    this.#hub = hub;
    const guests = new Guests({
      ...{ clock, limits, schedule, trust, mesh: this },
      send: (target, message, options) => this.send(target, message, options),
      findTaken: (name) => this.#findTaken(name),
      serve: (name, handler, beside) =>
        this.serve(name, handler, {
          host: this.#hosts.get(beside) ?? "localhost",
          port: 0,
          concurrency: limits.outstanding,
        }),
    });
    this.#guests = guests;
    this.#nodes = new LocalNodes({ clock, limits, events: hub, schedule, trust, guests });
    this.#connector = new WsConnector({ clock, limits, poll, tls, tap });
    this.#finder = new Finder({
      ...{ grid, fallback, framed, discovery, trust },
      nodes: this.#nodes,
      connector: this.#connector,
    });
    this.#sender = new Sender({
      dial: (target, dialing, waitMs) => this.#finder.dial(target, dialing, waitMs),
      connect: (target, channel, events) => this.#finder.connect(target, channel, events),
      clock,
      patienceMs,
      limits,
      notice,
      events: hub,
      schedule,
      trust,
    });
    this.#events = new WsEvents({
      hub,
      clock,
      limits,
      discovery,
      grid: this.#finder.grid,
      own: this.#nodes,
      trust,
      meet: (target, from, meeting) => this.#sender.meet(target, from, meeting),
    });
  }

  /**
   * Adds a peer to the grid, or moves it: the next connection goes there.
   *
   * @throws {CircuitError} `ADDRESS_INVALID`.
   */
  introduce(peer: string, address: string): void {
    this.#finder.introduce(peer, address);
    this.#events.introduced(peer);
  }

  /** See `Mesh.serve()`. Without a host, `localhost`. */
  async serve(
    name: string,
    handler: Handler,
    { host = "localhost", port, concurrency, about }: ServeOptions = {},
  ): Promise<ServedNode> {
    if (this.#closed !== undefined) throw meshClosed(`serve ${name}`);
    const problem = port === undefined ? undefined : this.#options.trust?.findServeProblem(name);
    if (problem) throw problem;
    const node = this.#nodes.add(name, handler, concurrency);
    if (port === undefined) return { name, addresses: [], ...this.#waysOut(node) };
    this.#hosts.set(name, host);
    const listening = serveWs({ node, host, port, ...this.#options });
    this.#listening.set(node, listening);
    try {
      const { addresses } = await listening;
      await this.#announce(node, addresses, about);
      const tellAbout: ServedNode["tellAbout"] = async (about) => this.#discovery?.revise(node.boot, about);
      return { name, addresses, tellAbout, ...this.#waysOut(node) };
    } catch (error) {
      await this.#closeNode(node);
      throw error;
    }
  }

  send(target: string, message: Payload, options?: StreamOptions): Promise<Payload> {
    return this.#sender.send(target, message, options);
  }

  stream(target: string, messages: Messages, options?: StreamOptions): AsyncIterableIterator<Payload> {
    return this.#sender.stream(target, messages, options);
  }

  publish(subject: string, data: Payload, options?: PublishOptions): number {
    if (this.#closed) throw meshClosed(`publish to ${subject}`);
    return this.#events.publish(subject, data, options);
  }

  publishOwn(subject: string, data: Payload, options?: PublishOptions): void {
    if (!this.#closed) this.#events.publishOwn(subject, data, options);
  }

  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Subscription {
    if (this.#closed) throw meshClosed(`listen to ${pattern}`);
    return this.#events.subscribe(pattern, handler, options);
  }

  join(): Promise<number> {
    return this.#events.join();
  }

  counts(): MeshCounts {
    return { nodes: this.#nodes.counts(), peers: this.#sender.counts(), events: this.#hub.tally };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#events.close();
    const guests = this.#guests.close();
    this.#sender.close();
    const connections = this.#connector.close();
    await Promise.all([...this.#listening.keys()].map((node) => this.#closeNode(node)));
    await Promise.all([this.#nodes.close(), connections, guests]);
    await this.#discovery?.close();
    this.#safety?.close();
  }

  /** Why a guest may not have a name, if there is a reason. */
  #findTaken(name: string): string | undefined {
    const isKnown =
      this.#nodes.names.includes(name) ||
      this.#finder.grid.has(name) ||
      (this.#discovery?.table.named(name).length ?? 0) > 0;
    if (isKnown) return `there is a node ${JSON.stringify(name)} already`;
    return this.#options.trust?.findServeProblem(name)?.message;
  }

  async #announce(node: Node, addresses: readonly string[], about: ServeOptions["about"]): Promise<void> {
    const { name, boot } = node;
    // Not the monotonic clock: others compare it.
    const advert = { boot, name, addresses, engine: "ws", sinceMs: Date.now(), ...about };
    const withdraw = await this.#discovery?.announce(advert);
    if (withdraw) this.#withdrawals.set(node, withdraw);
  }

  /** Is not to be found any more, lets handlers finish, closes connections, stops listening, in this order. */
  async #closeNode(node: Node, leave?: (node: Node) => Promise<void>): Promise<void> {
    const listening = await this.#listening.get(node)?.catch(() => undefined);
    const withdraw = this.#withdrawals.get(node);
    this.#withdrawals.delete(node);
    if (withdraw) await withdraw();
    // The port goes on saying that the node leaves until it has; then it is free.
    await this.#nodes.remove(node, leave);
    this.#listening.delete(node);
    await listening?.close();
  }

  #waysOut(node: Node): Pick<ServedNode, "drain" | "close"> {
    return {
      drain: (graceMs) => this.#closeNode(node, () => node.drain(graceMs)),
      close: () => this.#closeNode(node),
    };
  }
}

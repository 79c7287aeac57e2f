import { systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { EventHandler, EventHeaders, Subscription } from "../mesh/event.js";
import { Neighbours } from "../mesh/hub/neighbours.js";
import { DEFAULT_LIMITS } from "../mesh/limits.js";
import type { Delivery, Handler, Messages } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import { DEFAULT_PATIENCE_MS, Sender } from "../mesh/sender.js";
import { OfferedNode } from "./offered-node.js";
import { PageEvents } from "./page-events.js";
import { dialNode } from "./page-link.js";
import type { Sketch } from "./sketch.js";

export interface JoinOptions {
  /** Name of the node that the page is. */
  readonly name: string;
  /** The secret of that name, where nodes have credentials: over TLS, or to this very machine. An empty one is none. */
  readonly token?: string;
  /** How long to try to reach the node, and later others, in milliseconds. 10 000 by default. */
  readonly patienceMs?: number;
  /** Takes what a person should know; the console's warnings by default. */
  readonly notice?: (text: string) => void;
}

export interface TabSendOptions {
  readonly signal?: AbortSignal;
  /** What becomes of a message whose receiver died before it was acknowledged; see the README. */
  readonly retry?: "never" | "repeat";
  readonly idempotencyKey?: string;
}

/** A page that is a node of a circuit: it has dialled one node, which passes on what it sends and serves it to others. */
export class Tab {
  readonly name: string;
  readonly clock = systemClock;
  readonly #url: string;
  readonly #options: JoinOptions;
  readonly #events: PageEvents;
  readonly #sender: Sender;
  readonly #neighbours: Neighbours;
  readonly #ended = new AbortController();
  #node: OfferedNode | undefined;
  /** Why the node is not reached, as far as is known. */
  #denied: CircuitError | undefined;

  /** See `joinCircuit()`. */
  constructor(url: string, options: JoinOptions) {
    this.#url = url;
    this.#options = options;
    this.name = options.name;
    const { patienceMs = DEFAULT_PATIENCE_MS, notice = warn } = options;
    this.#events = new PageEvents(systemClock, notice);
    this.#sender = new Sender({
      dial: (target, dialing, waitMs) => {
        const opened: typeof dialing.opened = (link) => dialing.opened(link, { address: url, node: target });
        return dialNode(url, systemClock, { ...dialing, opened }, waitMs);
      },
      clock: systemClock,
      patienceMs,
      limits: DEFAULT_LIMITS,
      notice: ({ problem }) => {
        this.#denied = problem ?? this.#denied;
      },
      // Of all its links the one that leads to itself is for events: its other end names a process.
      events: this.#events,
      schedule: soon,
      asGuest: { ...this.#guest, via: true },
    });
    this.#neighbours = new Neighbours({
      clock: systemClock,
      limitMs: patienceMs,
      meet: (target, meeting) => this.#sender.meet(target, this.name, meeting),
    });
  }

  /** Aborts when the tab leaves the circuit. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Connects. @throws {CircuitError} `PEER_MISSING`, or `ACCESS_DENIED`. */
  async open(): Promise<void> {
    this.#neighbours.add(this.name);
    const { patienceMs = DEFAULT_PATIENCE_MS } = this.#options;
    const isJoined = await Promise.race([
      this.#events.linked.then(() => true),
      systemClock.sleep(patienceMs, this.#ended.signal).then(() => false),
    ]);
    if (isJoined) return;
    await this.close();
    throw this.#denied ?? this.#unreachable(`no answer after ${patienceMs} ms`);
  }

  /**
   * Serves the page's node: a sketch, or a function that answers each message.
   *
   * @throws {CircuitError} `ACCESS_DENIED` where another node has the name, `USAGE` where the page serves one, and what the
   *   sketch's `setup()` throws.
   */
  async serve(sketch: Sketch | Handler): Promise<void> {
    if (this.#node) throw new CircuitError("USAGE", `Cannot serve ${this.name} twice: a page is one node`);
    const handler: Handler =
      typeof sketch === "function"
        ? sketch
        : (delivery: Delivery) => sketch.loop(delivery.channel, delivery.message, delivery);
    const node = new OfferedNode({
      url: this.#url,
      name: this.name,
      guest: this.#guest,
      clock: systemClock,
      handler,
      schedule: soon,
    });
    this.#node = node;
    try {
      if (typeof sketch !== "function") await sketch.start(this);
      await node.open();
    } catch (error) {
      this.#node = undefined;
      throw error;
    }
    if (typeof sketch !== "function") sketch.run?.().catch((error: unknown) => this.#notice(error));
  }

  /** Sends a message to another node and resolves with its acknowledgement. */
  send(target: string, message: Payload, channel = "", options: TabSendOptions = {}): Promise<Payload> {
    return this.#sender.send(target, message, { ...options, channel, from: this.name });
  }

  /** Sends each message and yields each acknowledgement, in order. */
  stream(
    target: string,
    messages: Messages,
    channel = "",
    options: TabSendOptions = {},
  ): AsyncIterableIterator<Payload> {
    return this.#sender.stream(target, messages, { ...options, channel, from: this.name });
  }

  /** Tells all who listen to a subject; returns how many were known to, of whom all beyond this page count as one. */
  publish(subject: string, data: Payload, options: { readonly headers?: EventHeaders } = {}): number {
    return this.#events.publish(subject, data, this.name, options);
  }

  /** Listens to a subject, or with `*` and `>` to many. */
  on(pattern: string, handler: EventHandler): Subscription {
    return this.#events.on(pattern, handler);
  }

  /** Resolves when the node that was dialled has been told what is listened to here. */
  join(): Promise<void> {
    return this.#events.settle();
  }

  /** Answers what runs, and leaves: the others learn it at once. Idempotent. */
  async close(): Promise<void> {
    this.#ended.abort(new CircuitError("PEER_LOST", `Cannot go on: ${this.name} has left the circuit`));
    this.#neighbours.close();
    await this.#node?.close();
    this.#sender.close();
  }

  get #guest(): { readonly from: string; readonly token?: string } {
    const { name, token } = this.#options;
    return { from: name, ...(token !== undefined && token !== "" && { token }) };
  }

  #notice(error: unknown): void {
    (this.#options.notice ?? warn)(String(error));
  }

  #unreachable(reason: string): CircuitError {
    return new CircuitError("PEER_MISSING", `Cannot join ${this.#url}: ${reason}`, {
      hint: "Start the node there, name this page's origin in its `security.origins`, and give the token of its name.",
    });
  }
}

/** A browser's own function may not be another object's method. */
function soon(callback: () => void): void {
  queueMicrotask(callback);
}

function warn(text: string): void {
  console.warn(text);
}

/**
 * Joins a circuit from a web page, by one of its nodes.
 *
 * @param url Where that node listens, such as `ws://localhost:8765`.
 * @throws {CircuitError} `PEER_MISSING` where it is not reached in time, which a browser does not tell from a page that it
 *   refuses.
 */
export async function joinCircuit(url: string, options: JoinOptions): Promise<Tab> {
  const tab = new Tab(url, options);
  await tab.open();
  return tab;
}

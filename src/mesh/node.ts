import type { Clock } from "../core/clock.js";
import { Failures, type NodeCounts, ReceivedTally } from "./counts.js";
import type { EventExchange } from "./framed/event-exchange.js";
import type { FrameLink, FrameLinkEvents } from "./framed/frame-link.js";
import { InSessions } from "./framed/in-sessions.js";
import type { GuestDesk } from "./framed/receiver.js";
import { DEFAULT_DEADLINE_MS } from "./framed/records.js";
import { Inbox, type Replies } from "./inbox.js";
import type { MeshLimits } from "./limits.js";
import type { Handler } from "./mesh.js";
import type { Guard } from "./safety/trust.js";
import type { TraceContext } from "./trace.js";
import { traced } from "./tracing.js";

/** How long a node that is drained waits for its handlers, in milliseconds: as long as their senders do. */
const DRAIN_MS = DEFAULT_DEADLINE_MS;

export interface NodeOptions {
  readonly name: string;
  readonly handler: Handler;
  readonly concurrency?: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  /** Where events of its links go to and come from. */
  readonly events?: EventExchange | undefined;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  /** Whether a sender, by its name, may use a channel; all may where it is left out. */
  mayTake?(from: string, channel: string): boolean;
  /** Whether a sender, by its name, may publish on a subject; all may where it is left out. */
  mayPublish?(from: string, subject: string): boolean;
  /** Looks after senders that cannot listen, where that is done. */
  readonly guests?: GuestDesk | undefined;
  /** Takes note of a sender that may not. */
  refused?(from: string, peer: string, reason: string): void;
}

/** An open connection of the plain protocol to a node, as the node sees it. */
interface Visitor {
  readonly inbox: Inbox;
  /** Closes the connection because the node closes. */
  leave(): void;
}

/** A node that is served: its handler, a session for each framed sender, an inbox for each plain connection. */
export class Node {
  readonly #options: NodeOptions;
  /** Random, new for each node that is served: its senders know by it whether they go on with the same one. */
  readonly boot = crypto.randomUUID();
  readonly #sessions: InSessions;
  readonly #visitors = new Set<Visitor>();
  /** Connections that were not let in, by the status that they were told. */
  readonly refusedConnections = new Failures();
  readonly #handler: Handler;
  readonly #sinceMs: number;
  readonly #received = new ReceivedTally();
  #closed: Promise<void> | undefined;
  #graceIsOver: () => void = () => {};

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.now();
    const { name, concurrency = 1 } = options;
    const handler = traced(name, options.handler);
    this.#handler = handler;
    this.#sessions = new InSessions({
      ...options,
      node: name,
      boot: this.boot,
      handler,
      concurrency,
      tally: this.#received,
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /** How long it has been served, in milliseconds. */
  get ageMs(): number {
    return this.#options.clock.now() - this.#sinceMs;
  }

  /** Whether it is being closed, or is. */
  get isLeaving(): boolean {
    return this.#closed !== undefined;
  }

  /** What it has received so far, and what it holds now. */
  counts(): NodeCounts {
    const counts = { ...this.#sessions.counts(), plainLinks: this.#visitors.size };
    for (const { inbox } of this.#visitors) {
      const { running, waiting } = inbox.load;
      counts.running += running;
      counts.waiting += waiting;
    }
    return {
      node: this.name,
      received: this.#received,
      refusedConnections: this.refusedConnections,
      ...counts,
    };
  }

  /** Takes a new framed link. See `InSessions.accept()`. */
  accept(link: FrameLink, peer: string, guard?: Guard): FrameLinkEvents {
    return this.#sessions.accept(link, peer, guard);
  }

  /**
   * Opens an inbox for a new connection of the plain protocol.
   *
   * @param leave Called once, when the node closes, to close the connection.
   * @param trace Where its messages belong in a trace.
   * @returns The inbox, and what to call when the connection has ended.
   */
  open(
    channel: string,
    replies: Replies,
    leave: () => void,
    trace?: TraceContext,
  ): { inbox: Inbox; ended: () => void } {
    const { name, limits, clock } = this.#options;
    const inbox = new Inbox({
      node: name,
      channel,
      handler: this.#handler,
      replies,
      limits,
      clock,
      tally: this.#received,
      trace,
    });
    const visitor = { inbox, leave };
    this.#visitors.add(visitor);
    const ended = () => {
      this.#visitors.delete(visitor);
      inbox.abandon();
    };
    return { inbox, ended };
  }

  /**
   * Refuses what has not begun and what comes, lets running handlers finish within the grace time, then leaves every
   * connection. Senders by the framed protocol look for the node again: nothing of theirs is lost. Idempotent; of
   * several grace times the one that is over first counts.
   */
  drain(graceMs = DRAIN_MS): Promise<void> {
    this.#closed ??= this.#leave();
    const stopWaiting = this.#options.clock.after(graceMs, () => this.#graceIsOver());
    return this.#closed.finally(stopWaiting);
  }

  /** The same within the time for closing, and tells the handlers of plain senders to hurry. Idempotent. */
  close(): Promise<void> {
    const closed = this.drain(this.#options.limits.closeMs);
    for (const { inbox } of this.#visitors) inbox.hurry();
    return closed;
  }

  async #leave(): Promise<void> {
    const visitors = [...this.#visitors];
    await new Promise<void>((resolve) => {
      this.#graceIsOver = resolve;
      void Promise.all([this.#sessions.drain(), ...visitors.map(({ inbox }) => inbox.finish())]).then(() =>
        resolve(),
      );
    });
    for (const { inbox, leave } of this.#visitors) {
      inbox.abandon();
      leave();
    }
    this.#visitors.clear();
    this.#sessions.close();
  }
}

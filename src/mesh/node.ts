import type { Clock } from "../core/clock.js";
import { Inbox, type Replies } from "./inbox.js";
import type { MeshLimits } from "./limits.js";
import type { Handler } from "./mesh.js";

export interface NodeOptions {
  readonly name: string;
  readonly handler: Handler;
  readonly clock: Clock;
  readonly limits: MeshLimits;
}

/** An open connection to a node, as the node sees it. */
interface Visitor {
  readonly inbox: Inbox;
  /** Closes the connection because the node closes. */
  leave(): void;
}

/** A node that is served: its handler, and an inbox for each open connection, whatever carries it. */
export class Node {
  readonly #options: NodeOptions;
  readonly #visitors = new Set<Visitor>();
  #closed: Promise<void> | undefined;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /**
   * Opens an inbox for a new connection.
   *
   * @param leave Called once, when the node closes, to close the connection.
   * @returns The inbox, and what to call when the connection has ended.
   */
  open(channel: string, replies: Replies, leave: () => void): { inbox: Inbox; ended: () => void } {
    const { handler, limits } = this.#options;
    const inbox = new Inbox({ channel, handler, replies, limits });
    const visitor = { inbox, leave };
    this.#visitors.add(visitor);
    const ended = () => {
      this.#visitors.delete(visitor);
      inbox.abandon();
    };
    return { inbox, ended };
  }

  /** Lets running handlers finish within the time for closing, then leaves every connection. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { clock, limits } = this.#options;
    const visitors = [...this.#visitors];
    await new Promise<void>((resolve) => {
      const stopWaiting = clock.after(limits.closeMs, resolve);
      void Promise.all(visitors.map(({ inbox }) => inbox.finish())).then(() => {
        stopWaiting();
        resolve();
      });
    });
    for (const { inbox, leave } of this.#visitors) {
      inbox.abandon();
      leave();
    }
    this.#visitors.clear();
  }
}

import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { NodeCounts } from "../counts.js";
import type { Dialing } from "../framed/dialing.js";
import type { EventExchange } from "../framed/event-exchange.js";
import type { GuestDesk } from "../framed/receiver.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import { Node } from "../node.js";
import type { Trust } from "../safety/trust.js";
import { openMemoryLink } from "./memory-link.js";

export interface LocalNodesOptions {
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly events?: EventExchange | undefined;
  readonly schedule: (callback: () => void) => void;
  /** See `Receiver`. */
  readonly guests?: GuestDesk | undefined;
  /** By what senders of this process may be refused, too. */
  readonly trust?: Trust | undefined;
}

/** The nodes of this process, by name, and the links to them. */
export class LocalNodes {
  readonly #options: LocalNodesOptions;
  readonly #nodes = new Map<string, Node>();
  readonly #leaving = new Set<Node>();
  readonly #expected = new Set<{ readonly target: string; arrived(node: Node): void }>();

  constructor(options: LocalNodesOptions) {
    this.#options = options;
  }

  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** Name of the one that has been there longest. */
  get firstName(): string | undefined {
    return this.#nodes.keys().next().value;
  }

  /** What each has received so far, and what it holds now. */
  counts(): readonly NodeCounts[] {
    return [...this.#nodes.values()].map((node) => node.counts());
  }

  /** @throws {CircuitError} `ADDRESS_BUSY` when there is a node of that name. */
  add(name: string, handler: Handler, concurrency = 1): Node {
    if (this.#nodes.has(name)) {
      throw new CircuitError(
        "ADDRESS_BUSY",
        `Cannot serve ${name}: this process serves a node of that name`,
        {
          hint: "Give each node a name of its own.",
        },
      );
    }
    const { trust, ...shared } = this.#options;
    const node = new Node({
      name,
      handler,
      concurrency,
      ...shared,
      ...(trust?.isByName && {
        mayTake: (from, channel) => trust.mayTake(name, from, channel),
        ...(trust.hasPublishRules && {
          mayPublish: (from: string, subject: string) => trust.mayPublish(from, subject),
        }),
        refused: (from, peer, reason) => trust.refused({ node: name, peer, from, reason }),
      }),
    });
    this.#nodes.set(name, node);
    for (const expectation of [...this.#expected]) {
      if (expectation.target === name) expectation.arrived(node);
    }
    return node;
  }

  /** Takes the node out, then lets it leave as `leave` says. */
  remove(node: Node, leave: (node: Node) => Promise<void> = closeNode): Promise<void> {
    if (this.#nodes.get(node.name) === node) this.#nodes.delete(node.name);
    this.#leaving.add(node);
    return leave(node).finally(() => this.#leaving.delete(node));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#nodes.values(), ...this.#leaving].map((node) => this.remove(node)));
  }

  /** See `Dial`. A node that is not there is waited for, without a timer; `problem` says why it is missing. */
  connect(target: string, dialing: Dialing, problem: CircuitError): () => void {
    let close = () => {};
    const expectation = {
      target,
      arrived: (node: Node) => {
        this.#expected.delete(expectation);
        close = openMemoryLink(node, dialing);
      },
    };
    const node = this.#nodes.get(target);
    if (node === undefined) {
      this.#expected.add(expectation);
      dialing.missing(`memory:${target}`, problem);
    } else {
      expectation.arrived(node);
    }
    return () => {
      this.#expected.delete(expectation);
      close();
    };
  }
}

function closeNode(node: Node): Promise<void> {
  return node.close();
}

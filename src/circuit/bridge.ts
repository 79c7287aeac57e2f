import type { Clock } from "../core/clock.js";
import { CircuitError, messageOf } from "../core/error.js";
import type { NodeTable } from "../mesh/discovery/table.js";
import { DEFAULT_LIMITS } from "../mesh/limits.js";
import type { Mesh } from "../mesh/mesh.js";
import { BridgedNode } from "./bridged-node.js";
import { EVENTS_ONLY } from "./event-engine.js";
import { forwardTo } from "./forward.js";

/** What a bridge tells, in order. Each is a line of `--json`. */
export type BridgeEvent =
  /** A node of one mesh can be reached on the other. */
  | {
      readonly type: "joined";
      readonly node: string;
      readonly on: Side;
      readonly addresses: readonly string[];
    }
  | { readonly type: "left"; readonly node: string; readonly on: Side }
  /** Something that a person should know. */
  | { readonly type: "notice"; readonly text: string };

/** The mesh on which a node has come to be reached. */
export type Side = "ws" | "nats";

export interface BridgeOptions {
  readonly ws: Mesh;
  readonly nats: Mesh;
  /** Nodes of the ws mesh. */
  readonly table: NodeTable;
  /** Nodes of the ws mesh that are to be reached over NATS; every one that is found, where none is named. */
  readonly names: readonly string[];
  /** Nodes on NATS that are to be reached over ws, and the port of each; 0 lets the system choose. */
  readonly expose: Readonly<Record<string, number>>;
  readonly clock: Clock;
  readonly onEvent: (event: BridgeEvent) => void;
}

/** What a node of the ws mesh is announced to be carried by that is a bridge's own. */
const BRIDGED_ENGINE = "nats";

/** Joins a ws mesh to NATS: nodes of either are served on the other, by passing each message on. */
export class Bridge {
  readonly #options: BridgeOptions;
  readonly #id = crypto.randomUUID();
  /** Nodes of the ws mesh, by name. */
  readonly #joined = new Map<string, BridgedNode>();
  readonly #exposed: BridgedNode[] = [];
  #unwatch: () => void = () => {};
  #closed: Promise<void> | undefined;

  /** @throws {CircuitError} `USAGE` for a name on both sides: messages would go round. */
  constructor(options: BridgeOptions) {
    this.#options = options;
    const twice = options.names.find((name) => Object.hasOwn(options.expose, name));
    if (twice === undefined) return;
    throw new CircuitError("USAGE", `Cannot bridge ${twice}: it is to be exposed from NATS too`, {
      hint: "Give a node to one side or the other.",
    });
  }

  /**
   * Begins to pass messages on. What is found later, or goes, is followed.
   *
   * @throws {CircuitError} `ADDRESS_BUSY` or `ADDRESS_INVALID` for what is to be exposed.
   */
  async start(): Promise<void> {
    const { table, names, expose } = this.#options;
    await Promise.all(Object.entries(expose).map(([name, port]) => this.#expose(name, port)));
    this.#unwatch = table.watch(({ node }) => this.#follow(node.name));
    for (const { name } of table.nodes) this.#follow(name);
    for (const name of names) {
      if (this.#joined.has(name)) continue;
      this.#tell({ type: "notice", text: `Waiting for ${name}: no node of that name is found yet` });
    }
  }

  /** Lets what is under way finish, refuses the rest, and leaves both meshes, which stay open. Idempotent. */
  close(): Promise<void> {
    this.#unwatch();
    this.#closed ??= Promise.all(
      [...this.#joined.values(), ...this.#exposed].map((node) => node.close()),
    ).then(() => {});
    return this.#closed;
  }

  /** Brings a node's place on NATS to what is known of it. */
  #follow(name: string): void {
    const { table, names, expose } = this.#options;
    if (Object.hasOwn(expose, name) || (names.length > 0 && !names.includes(name))) return;
    const isThere = table
      .named(name)
      .some(({ engine }) => engine !== BRIDGED_ENGINE && engine !== EVENTS_ONLY);
    let node = this.#joined.get(name);
    if (node === undefined) {
      if (!isThere) return;
      node = this.#joinedNode(name);
      this.#joined.set(name, node);
    }
    node.setThere(isThere);
  }

  #joinedNode(name: string): BridgedNode {
    const { ws, nats, clock } = this.#options;
    const handler = forwardTo(ws, name, this.#id);
    return new BridgedNode({
      clock,
      serve: () => nats.serve(name, handler, { concurrency: WINDOW, about: { engine: "ws" } }),
      joined: (addresses) => this.#tell({ type: "joined", node: name, on: "nats", addresses }),
      left: () => this.#tell({ type: "left", node: name, on: "nats" }),
      failed: (error) => {
        this.#tell({ type: "notice", text: messageOf(error) });
        // The server may come; a name that NATS cannot take stays one.
        return error instanceof CircuitError && error.code === "PEER_MISSING";
      },
    });
  }

  async #expose(name: string, port: number): Promise<void> {
    const { ws, nats, clock } = this.#options;
    const handler = forwardTo(nats, name, this.#id);
    const node = new BridgedNode({
      clock,
      serve: () => ws.serve(name, handler, { concurrency: WINDOW, port, about: { engine: BRIDGED_ENGINE } }),
      joined: (addresses) => this.#tell({ type: "joined", node: name, on: "ws", addresses }),
      left: () => this.#tell({ type: "left", node: name, on: "ws" }),
    });
    this.#exposed.push(node);
    await node.open();
  }

  #tell(event: BridgeEvent): void {
    this.#options.onEvent(event);
  }
}

/** Messages of a channel that are passed on before the first is answered: as many as a sender may have under way. */
const WINDOW = DEFAULT_LIMITS.outstanding;

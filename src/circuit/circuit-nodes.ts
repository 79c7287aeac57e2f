import type { CircuitDefinition } from "../config/define.js";
import { CIRCUIT_SETTINGS } from "../config/settings.js";
import { unlessAborted } from "../core/abort.js";
import type { Clock } from "../core/clock.js";
import type { Random } from "../core/random.js";
import type { Mesh, ServeOptions } from "../mesh/mesh.js";
import type { Sketch } from "../sketch/sketch.js";
import type { CircuitBoards } from "./circuit-boards.js";
import { type Moved, obey } from "./control.js";
import { CircuitNode } from "./node.js";
import { keepingOf } from "./observing.js";
import type { CircuitEvent } from "./progress.js";
import type { Looking } from "./seen/looking.js";
import { unreachable } from "./standstill.js";

export interface CircuitNodesOptions {
  readonly definition: CircuitDefinition;
  readonly sketches: ReadonlyMap<string, Sketch>;
  readonly boards: CircuitBoards;
  readonly mesh: Mesh;
  readonly random: Random;
  readonly clock: Clock;
  /** Ends what they do. */
  readonly signal: AbortSignal;
  readonly tell: (event: CircuitEvent) => void;
  /** What others see of the circuit, and do to it. */
  readonly looking: Looking;
}

/** The nodes of a circuit whose boards are there, or that need none. */
export class CircuitNodes {
  readonly #options: CircuitNodesOptions;
  readonly #all = new Map<string, CircuitNode>();

  constructor(options: CircuitNodesOptions) {
    this.#options = options;
  }

  get all(): readonly CircuitNode[] {
    return [...this.#all.values()];
  }

  /** Makes those that are not there yet, and do not stand still. */
  make(): CircuitNode[] {
    const { sketches, boards } = this.#options;
    return [...sketches].flatMap(([name, sketch]) => {
      if (this.#all.has(name) || boards.standstillOf(name)) return [];
      const node = this.#make(name, sketch);
      this.#all.set(name, node);
      return [node];
    });
  }

  /**
   * Sets their sketches up, one after the other.
   *
   * @throws What a `setup()` throws, unless its board has gone for good meanwhile; the signal's own reason.
   */
  async setUp(nodes: readonly CircuitNode[]): Promise<void> {
    for (const node of nodes) await this.#unlessStill(node, () => node.setUp());
  }

  /** Lets them take messages. @throws What `Mesh.serve()` throws. */
  async serve(nodes: readonly CircuitNode[]): Promise<void> {
    for (const node of nodes) await this.#unlessStill(node, () => this.#serve(node));
  }

  /** Ends one for good. */
  async remove(name: string, cause: unknown): Promise<void> {
    const node = this.#all.get(name);
    this.#all.delete(name);
    await node?.standStill(cause);
  }

  /** Has those stand still that use a board: it is gone for good. */
  async standStill(board: string, cause: unknown): Promise<void> {
    const { boards } = this.#options;
    const still = this.all.filter(({ node }) => boards.nameOf(node) === board);
    await Promise.all(still.map((node) => node.standStill(cause)));
  }

  async #unlessStill(node: CircuitNode, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#options;
    try {
      if (!node.isStill) await unlessAborted(work(), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!node.isStill) throw error;
    }
  }

  #make(name: string, sketch: Sketch): CircuitNode {
    const { definition, boards, mesh, random, clock, signal, tell } = this.#options;
    const timeoutSeconds = definition.timeoutSeconds ?? CIRCUIT_SETTINGS.timeoutSeconds.default ?? 0;
    return new CircuitNode({
      ...{ name, sketch, mesh, random, clock, signal },
      session: boards.of(name)?.session,
      confirms: definition.nodes?.[name]?.confirm ?? true,
      ackTimeoutMs: timeoutSeconds * 1_000,
      keeping: keepingOf(definition),
      obey: (delivery) => {
        const obeysAnyone = definition.mesh !== undefined && definition.commandsOverNats === true;
        const swap = (address: string) => this.#swap(name, address);
        return obey(delivery, { node: name, obeysAnyone, swap, ...this.#options.looking });
      },
      standstill: (target) => {
        const standstill = boards.standstillOf(target);
        return standstill && { isSought: standstill.isSought, error: unreachable(target, standstill) };
      },
      out: (text) => tell({ type: "out", node: name, text }),
      notice: (text) => tell({ type: "notice", text }),
    });
  }

  async #swap(node: string, address: string): Promise<Moved> {
    const { boards } = this.#options;
    const moved = await boards.swap(node, address);
    const others = this.all.filter((other) => boards.nameOf(other.node) === moved.board);
    await Promise.all(others.map((other) => other.tellBoard(this.#about(other))));
    return { node, ...moved };
  }

  /** What others learn of a node. */
  #about({ node, sketchName, boardAddress: board }: CircuitNode): NonNullable<ServeOptions["about"]> {
    const sketch = this.#options.definition.nodes?.[node]?.sketch;
    return {
      sketch: typeof sketch === "string" ? sketch : sketchName,
      ...(board !== undefined && { board }),
    };
  }

  async #serve(node: CircuitNode): Promise<void> {
    const { listen, concurrency = 1 } = this.#options.definition.nodes?.[node.node] ?? {};
    const reached = listen === undefined ? {} : parseListen(listen);
    const about = this.#about(node);
    const { addresses } = await node.serve({ ...reached, concurrency, about });
    if (addresses.length > 0) this.#options.tell({ type: "listening", node: node.node, addresses });
  }
}

/** `8765`, `localhost:8765` or `[::1]:8765`, as the schema admits them. */
function parseListen(listen: number | string): ServeOptions {
  if (typeof listen === "number") return { port: listen };
  const colon = listen.lastIndexOf(":");
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(listen.slice(colon + 1)) };
}

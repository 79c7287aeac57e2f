import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { DEFAULT_LIMITS, type MeshLimits } from "../limits.js";
import type { Handler, Mesh, PeerNotice, ServedNode, StreamOptions } from "../mesh.js";
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
  #isClosed = false;

  constructor({
    clock = systemClock,
    patienceMs = DEFAULT_PATIENCE_MS,
    notice,
    limits: changed,
  }: MemoryMeshOptions = {}) {
    const limits = { ...DEFAULT_LIMITS, ...changed };
    this.#nodes = new LocalNodes({ clock, limits });
    this.#sender = new Sender({
      connect: (target, channel, events) =>
        this.#nodes.connect(target, channel, events, this.#describeMissing(target)),
      clock,
      patienceMs,
      limits,
      notice,
    });
  }

  async serve(name: string, handler: Handler): Promise<ServedNode> {
    if (this.#isClosed) throw meshClosed(`serve ${name}`);
    const node = this.#nodes.add(name, handler);
    return { name, addresses: [], close: () => this.#nodes.remove(node) };
  }

  send(target: string, message: string, options?: StreamOptions): Promise<string> {
    return this.#sender.send(target, message, options);
  }

  stream(
    target: string,
    messages: Iterable<string> | AsyncIterable<string>,
    options?: StreamOptions,
  ): AsyncIterableIterator<string> {
    return this.#sender.stream(target, messages, options);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sender.close();
    await this.#nodes.close();
  }

  #describeMissing(target: string): CircuitError {
    return new CircuitError("PEER_MISSING", `Cannot reach ${target}: this mesh serves no node of that name`, {
      hint: `Serve ${target}, or send to one of: ${this.#nodes.names.join(", ") || "(there are none)"}.`,
    });
  }
}

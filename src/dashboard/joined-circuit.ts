import { readDone } from "../circuit/control.js";
import type { EventEngine } from "../circuit/event-engine.js";
import type { Act, Drawing, SeenCircuit, SeenState } from "../circuit/seen/seen.js";
import { textOfPayload } from "../circuit/seen/text-of-payload.js";
import { CircuitError, messageOf } from "../core/error.js";
import { CONTROL_CHANNEL } from "../mesh/channel.js";
import type { LiveCircuit, LiveListener } from "./live-circuit.js";
import type { News } from "./wire.js";

export interface JoinedCircuitOptions {
  readonly engine: EventEngine;
  /** Who this is to nodes. */
  readonly name: string;
  /** Nodes to ask besides those that are found. */
  readonly nodes: readonly string[];
}

/** How often nodes are asked how they are, in milliseconds, and how long one may take to answer. */
const ASK_MS = 500;
const ANSWER_MS = 2_000;

/** What a node has told of its process, and when that is old. */
interface Told extends SeenCircuit {
  readonly node: string;
}

/**
 * The circuits of other processes, as their nodes tell of them twice a second, and the events that pass. Their edges, lines
 * and messages stay with them.
 */
export class JoinedCircuit implements LiveCircuit {
  readonly title: string;
  /** Frames of edges name none. */
  readonly boards: readonly string[] = [];
  drawing: Drawing | null = null;
  readonly #options: JoinedCircuitOptions;
  readonly #listeners = new Set<LiveListener>();
  readonly #startMs: number;
  #told: readonly Told[] = [];
  /** Nodes that were told not to answer us, which is said once. */
  readonly #silent = new Set<string>();
  #stop: (() => void)[] = [];

  constructor(options: JoinedCircuitOptions) {
    this.#options = options;
    this.title = options.engine.where;
    this.#startMs = options.engine.clock.now();
  }

  /** Begins to listen and ask; resolves when the nodes that are there have answered. */
  async open(): Promise<void> {
    const { mesh, clock } = this.#options.engine;
    const subscription = mesh.subscribe(">", ({ subject, data }) =>
      this.#tell({ kind: "event", atMs: this.nowMs(), subject, text: textOfPayload(data) }),
    );
    this.#stop.push(() => subscription.close());
    await this.#ask("whole");
    let cancel = () => {};
    const next = () => {
      cancel = clock.after(ASK_MS, () => void this.#ask("state").finally(next));
    };
    next();
    this.#stop.push(() => cancel());
  }

  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  nowMs(): number {
    return this.#options.engine.clock.now() - this.#startMs;
  }

  state(): SeenState {
    const states = this.#told.map(({ state }) => state);
    return {
      boards: states.flatMap(({ boards }) => boards),
      nodes: states.flatMap(({ nodes }) => nodes),
      routes: states.flatMap(({ routes }) => routes),
      stages: states.flatMap(({ stages }) => stages),
    };
  }

  follow(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async act(act: Act): Promise<string> {
    const { engine, name } = this.#options;
    if (act.do === "publish") {
      engine.mesh.publish(act.subject, act.data, { from: name });
      return `${act.subject} is published`;
    }
    const node = act.do === "send" ? act.node : this.#nodeOn(act.board);
    const { did } = readDone(await this.#command(node, { act: { ...act } }));
    if (typeof did === "string") return did;
    throw new CircuitError("PEER_REFUSED", `Cannot ${act.do}: ${node} does not know how`, {
      hint: "It is a node of another kind, or of an older circuit.",
    });
  }

  #nodeOn(board: string): string {
    const told = this.#told.find(({ state }) => state.boards.some(({ name }) => name === board));
    if (told) return told.node;
    throw new CircuitError("PEER_UNKNOWN", `Cannot reach ${board}: no node has told of it`, {
      hint: "Wait until its circuit is there.",
    });
  }

  /** Asks one node of each process. */
  async #ask(see: "whole" | "state"): Promise<void> {
    const { engine, nodes } = this.#options;
    const names = [...new Set([...nodes, ...engine.nodes()])];
    const asked = await Promise.all(names.map((node) => this.#seen(node, see)));
    const byProcess = new Map(asked.flatMap((told) => (told ? [[told.process, told] as const] : [])));
    this.#told = [...byProcess.values()];
    this.drawing ??= this.#told.find(({ drawing }) => drawing)?.drawing ?? null;
  }

  async #seen(node: string, see: "whole" | "state"): Promise<Told | undefined> {
    try {
      const { seen } = readDone(await this.#command(node, { see }));
      this.#silent.delete(node);
      // The cast: what tells of a process is a circuit of ours.
      return isSeen(seen) ? { ...seen, node } : undefined;
    } catch (error) {
      if (!this.#silent.has(node))
        this.#tell({
          kind: "line",
          atMs: this.nowMs(),
          from: node,
          text: `does not tell how it is: ${messageOf(error)}`,
        });
      this.#silent.add(node);
      return undefined;
    }
  }

  #command(node: string, command: Parameters<EventEngine["mesh"]["send"]>[1]) {
    const { engine, name } = this.#options;
    const deadlineAtMs = engine.clock.now() + ANSWER_MS;
    return engine.mesh.send(node, command, { from: name, channel: CONTROL_CHANNEL, deadlineAtMs });
  }

  #tell(news: News): void {
    for (const listener of this.#listeners) listener.news(news);
  }
}

function isSeen(value: unknown): value is SeenCircuit {
  const { process, state } = Object(value);
  const lists = [state?.boards, state?.nodes, state?.routes, state?.stages];
  return typeof process === "string" && lists.every((list) => Array.isArray(list));
}

import type { RunningCircuit } from "../circuit/running-circuit.js";
import { actOn } from "../circuit/seen/hands.js";
import { Routes } from "../circuit/seen/routes.js";
import type { Act, Drawing, SeenState } from "../circuit/seen/seen.js";
import { seenState } from "../circuit/seen/seen-state.js";
import { textOfPayload } from "../circuit/seen/text-of-payload.js";
import { CircuitError } from "../core/error.js";
import type { Entry } from "../record/entry.js";
import { lineOf } from "./line-of.js";
import type { LiveCircuit, LiveListener } from "./live-circuit.js";
import type { News } from "./wire.js";

export interface OwnCircuitOptions {
  readonly title: string;
  /** Names of its boards. */
  readonly boards: readonly string[];
  readonly drawing: Drawing | null;
}

/** A circuit of this process, from before it begins: what it does is handed to `entry()`, and itself to `begun()`. */
export class OwnCircuit implements LiveCircuit {
  readonly title: string;
  readonly boards: readonly string[];
  readonly drawing: Drawing | null;
  readonly #listeners = new Set<LiveListener>();
  readonly #routes = new Routes();
  #running: RunningCircuit | undefined;
  /** The latest time that it told, and the host's at that moment. */
  #told = { atMs: 0, hostMs: performance.now() };

  constructor({ title, boards, drawing }: OwnCircuitOptions) {
    this.title = title;
    this.boards = boards;
    this.drawing = drawing;
  }

  begun(running: RunningCircuit): void {
    this.#running = running;
  }

  /** Takes what happens: `RunOptions.onEntry`. */
  readonly entry = (entry: Entry): void => {
    switch (entry.kind) {
      case "edge":
        for (const listener of this.#listeners)
          listener.edge(this.boards.indexOf(entry.board), entry.atMs, entry.pin, entry.level);
        return;
      case "message":
        this.#routes.message(entry);
        break;
      case "ack":
        this.#routes.ack(entry);
        break;
    }
    const news = newsOf(entry);
    if (news === undefined) return;
    this.#told = { atMs: entry.atMs, hostMs: performance.now() };
    for (const listener of this.#listeners) listener.news(news);
  };

  nowMs(): number {
    return this.#told.atMs + performance.now() - this.#told.hostMs;
  }

  state(): SeenState {
    const running = this.#running;
    if (running === undefined) return { boards: [], nodes: [], routes: [], stages: [] };
    const { nodes, peers } = running.mesh.counts();
    const here = new Set(nodes.map(({ node }) => node));
    const connected = new Set(peers.filter(({ isConnected }) => isConnected).map(({ peer }) => peer));
    return seenState(
      running,
      this.#routes.seen((target) => here.has(target) || connected.has(target)),
    );
  }

  follow(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async act(act: Act): Promise<string> {
    if (this.#running === undefined)
      throw new CircuitError("NOT_RUN", `Cannot ${act.do}: the circuit has not begun yet`, {
        hint: "Wait until its boards are ready.",
      });
    return actOn(this.#running, act);
  }
}

function newsOf(entry: Entry): News | undefined {
  const { atMs } = entry;
  switch (entry.kind) {
    case "message": {
      const { id, from, node, channel, payload } = entry;
      return { kind: "message", atMs, id, from, node, channel, text: textOfPayload(payload) };
    }
    case "ack":
      return {
        kind: "ack",
        atMs,
        id: entry.id,
        text: textOfPayload(entry.payload),
        isFailure: entry.isFailure,
      };
    case "event":
      // One that is published and heard here is told once.
      if (entry.what === "heard") return undefined;
      return { kind: "event", atMs, subject: entry.subject, text: textOfPayload(entry.payload) };
    case "told":
      return { kind: "line", atMs, ...lineOf(JSON.parse(entry.text)) };
    default:
      return undefined;
  }
}

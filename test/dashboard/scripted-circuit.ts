import { drawingOf } from "../../src/circuit/seen/drawing-of.js";
import type { Act, SeenBoard, SeenState } from "../../src/circuit/seen/seen.js";
import type { LiveCircuit, LiveListener } from "../../src/dashboard/live-circuit.js";
import type { Wiring } from "../../src/wiring/wiring.js";

/** A board that nothing ails. */
export const DESK: SeenBoard = {
  name: "desk",
  address: "sim:uno",
  firmware: "circuit 1.1",
  state: "ready",
  isEmulated: true,
  baud: 57_600,
  writes: 1_234,
  queued: 0,
  queuedBytes: 0,
  oldestQueuedMs: 0,
  superseded: 2,
  unconfirmed: 0,
  restored: 1,
  discardedBytes: 0,
  parts: [
    { type: "led", id: "led1", brightness: 1 },
    { type: "buzzer", id: "piezo1", hz: 440 },
    { type: "button", id: "button1", pressed: false },
  ],
};

/** A circuit that does what a test says, and remembers what hands did to it. */
export class ScriptedCircuit implements LiveCircuit {
  readonly title = "doorbell";
  readonly boards = ["desk"];
  readonly drawing;
  readonly acts: Act[] = [];
  seen: SeenState = { boards: [DESK], nodes: [], routes: [], stages: [] };
  /** What acting comes to. */
  answer: (act: Act) => Promise<string> = async () => "done";
  readonly #listeners = new Set<LiveListener>();
  readonly #startMs = performance.now();

  constructor(wiring?: Wiring) {
    this.drawing = wiring ? drawingOf(wiring) : null;
  }

  /** Who listens. */
  get tell(): LiveListener {
    const all = () => [...this.#listeners];
    return {
      news: (news) => {
        for (const listener of all()) listener.news(news);
      },
      edge: (...edge) => {
        for (const listener of all()) listener.edge(...edge);
      },
    };
  }

  nowMs(): number {
    return performance.now() - this.#startMs;
  }

  state(): SeenState {
    return this.seen;
  }

  follow(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  act(act: Act): Promise<string> {
    this.acts.push(act);
    return this.answer(act);
  }
}

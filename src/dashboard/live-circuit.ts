import type { Act, Drawing, SeenState } from "../circuit/seen/seen.js";
import type { News } from "./wire.js";

/** What happens in a circuit, as it happens. Times are the circuit's, in milliseconds. */
export interface LiveListener {
  news(news: News): void;
  /** @param board Its place among the circuit's boards. */
  edge(board: number, atMs: number, pin: number, level: 0 | 1): void;
}

/** A circuit that can be looked at and touched: one that runs here, or one that was joined. */
export interface LiveCircuit {
  readonly title: string;
  readonly boards: readonly string[];
  readonly drawing: Drawing | null;

  /** Milliseconds since the circuit began, in which news and edges are told. */
  nowMs(): number;

  /** All that has a present, now. */
  state(): SeenState;

  /** Tells all that happens from now on, in order. @returns What takes the listener away. */
  follow(listener: LiveListener): () => void;

  /**
   * Does what a hand on the page does, and resolves with what came of it, in words.
   *
   * @throws {CircuitError} When it cannot be done.
   */
  act(act: Act): Promise<string>;
}

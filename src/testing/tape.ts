import type { Level } from "../emulator/pins.js";

/** A change of a pin's level, in the rig's time. */
export interface TapeEdge {
  readonly pin: number;
  /** The level from here on. */
  readonly level: Level;
  /** Milliseconds of virtual time, exact to a sixteenth of a microsecond. */
  readonly atMs: number;
}

/** Edges that are kept of a pin: an hour of a servo's pulses, and 40 MB at most. The older half goes first. */
const MOST_EDGES = 400_000;

/** What happened on a board's pins. */
export class Tape {
  readonly #byPin = new Map<number, TapeEdge[]>();
  readonly #listeners = new Set<() => void>();

  /** Takes an edge, or a level that a pin has from the beginning; one that changes nothing is none. @returns Whether it is one. */
  add(edge: TapeEdge): boolean {
    if (this.levelAt(edge.pin) === edge.level) return false;
    const edges = this.#byPin.get(edge.pin) ?? [];
    if (edges.length === 0) this.#byPin.set(edge.pin, edges);
    if (edges.length >= MOST_EDGES) edges.splice(0, MOST_EDGES / 2);
    edges.push(edge);
    for (const listener of [...this.#listeners]) listener();
    return true;
  }

  /** Pins that have ever changed, in order. */
  get pins(): readonly number[] {
    return [...this.#byPin.keys()].sort((a, b) => a - b);
  }

  /** A pin's edges from a moment on, itself included. */
  edgesSince(pin: number, fromMs: number): readonly TapeEdge[] {
    const edges = this.#byPin.get(pin) ?? [];
    return edges.slice(firstFrom(edges, fromMs));
  }

  /** Whether a pin has changed after a moment. */
  hasChangedAfter(pin: number, atMs: number): boolean {
    return (this.#byPin.get(pin)?.at(-1)?.atMs ?? -Infinity) > atMs;
  }

  /** All edges, by time. */
  get edges(): readonly TapeEdge[] {
    return [...this.#byPin.values()].flat().sort((a, b) => a.atMs - b.atMs || a.pin - b.pin);
  }

  /** A pin's level at a moment, after what changes then; the last by default. */
  levelAt(pin: number, atMs = Infinity): Level {
    const edges = this.#byPin.get(pin) ?? [];
    let index = firstFrom(edges, atMs);
    if (edges[index]?.atMs === atMs) index++;
    const before = edges[index - 1];
    if (before) return before.level;
    // Each edge is a change.
    return edges[0]?.level === 0 ? 1 : 0;
  }

  /** Calls back after each edge. Returns what takes the listener away. */
  onEdge(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Index of the first edge that is not before a moment. */
function firstFrom(edges: readonly TapeEdge[], fromMs: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle]?.atMs ?? Infinity) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

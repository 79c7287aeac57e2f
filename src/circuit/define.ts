import type { StopLevel } from "../board/session/session.js";
import type { Sketch } from "../sketch/sketch.js";

/** A sketch's class, where it needs no options, or a function that makes one. */
export type SketchSource = (new () => Sketch) | (() => Sketch);

/** One node: a sketch with a name on the mesh. */
export interface NodeDefinition {
  readonly sketch: SketchSource;
  /** Name of its board in `boards`; the only board where there is one. */
  readonly board?: string;
  /** Where other processes reach it: a port of localhost, or `host:port`. Without it, this process only. */
  readonly listen?: number | string;
  /** Whether an acknowledgement waits until the board has confirmed what was written. True by default. */
  readonly confirm?: boolean;
}

/** What a pin is left as when the circuit stops. */
export interface PinDefinition {
  readonly stop: StopLevel;
}

/** A circuit: boards, and the sketches that run on them. */
export interface CircuitDefinition {
  /** Addresses of boards by name, such as `{ desk: "/dev/ttyACM0" }`. `{ board: "sim:uno" }` by default. */
  readonly boards?: Readonly<Record<string, string>>;
  /** Path of a wiring in Wokwi's format, from the configuration's folder. */
  readonly wiring?: string;
  /** Nodes by name. */
  readonly nodes: Readonly<Record<string, NodeDefinition>>;
  /** Where nodes of other processes are, such as `{ buzzer: "ws://127.0.0.1:8766" }`. */
  readonly grid?: Readonly<Record<string, string>>;
  /** Pins by number that are left otherwise than low when the circuit stops. */
  readonly pins?: Readonly<Record<number, PinDefinition>>;
  /** Makes every random draw repeatable. */
  readonly seed?: number;
  /** How long a peer that is not there is tried for, in seconds. */
  readonly timeoutSeconds?: number;
}

/** Gives a configuration its types; returns what it is given. */
export function defineCircuit(definition: CircuitDefinition): CircuitDefinition {
  return definition;
}

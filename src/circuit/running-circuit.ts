import type { Board } from "../board/board.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import type { Sketch } from "../sketch/sketch.js";

/** A circuit that runs, for who looks into it from within its process. */
export interface RunningCircuit {
  /** Boards that are there, by name. */
  boards(): Readonly<Record<string, Board>>;
  /** Sketches by their nodes' names: those that run now. */
  nodes(): Readonly<Record<string, Sketch>>;
  readonly mesh: Mesh;
  /** Sends a message to a node and resolves with its acknowledgement. @throws {CircuitError} As `Mesh.send()`. */
  send(target: string, message: Payload, channel?: string): Promise<Payload>;
  /** Tells all who observe a subject. @throws {CircuitError} As `Mesh.publish()`. */
  publish(subject: string, data: Payload): number | undefined;
}

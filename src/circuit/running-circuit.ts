import type { Board } from "../board/board.js";
import type { ManagerStatus } from "../flow/supervisor.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import type { Sketch } from "../sketch/sketch.js";
import type { OpenBoard } from "./boards.js";
import type { Standstill } from "./standstill.js";

/** A circuit that runs, for who looks into it from within its process. */
export interface RunningCircuit {
  /** Boards that are there, by name. */
  boards(): Readonly<Record<string, Board>>;
  /** Sketches by their nodes' names: those that run now. */
  nodes(): Readonly<Record<string, Sketch>>;
  readonly mesh: Mesh;
  /** The boards themselves, with their sessions. */
  openBoards(): readonly OpenBoard[];
  /** What stands still, and why. */
  standstills(): readonly Standstill[];
  /** How each pipeline of each flow goes, by flow; `undefined` where none runs. */
  flows(): Readonly<Record<string, readonly ManagerStatus[]>> | undefined;
  /** Name of the board that a node drives, if it drives one. */
  boardOf(node: string): string | undefined;
  /** Sends a message to a node and resolves with its acknowledgement. @throws {CircuitError} As `Mesh.send()`. */
  send(target: string, message: Payload, channel?: string): Promise<Payload>;
  /** Tells all who observe a subject. @throws {CircuitError} As `Mesh.publish()`. */
  publish(subject: string, data: Payload): number | undefined;
}

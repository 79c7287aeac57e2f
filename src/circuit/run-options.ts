import type { ByteLink } from "../board/link/link.js";
import type { Relink } from "../board/session/recovery/search.js";
import type { Reread } from "../config/watched-config.js";
import type { Clock } from "../core/clock.js";
import type { Flow } from "../flow/flow.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Entry } from "../record/entry.js";
import type { Recorder } from "../record/recorder.js";
import type { FlowDefinition } from "./flows/flow-file.js";
import type { RunDiscovery } from "./mesh.js";
import type { CircuitEvent } from "./progress.js";
import type { RunningCircuit } from "./running-circuit.js";

export interface RunOptions {
  /** Stops the circuit; `runCircuit()` then rejects with the signal's own reason, after all was closed. */
  readonly signal?: AbortSignal;
  /** Takes what happens, as it happens; once the circuit has begun, the summary comes last, also after a failure. */
  readonly onEvent?: (event: CircuitEvent) => void;
  readonly clock?: Clock;
  /**
   * Links in place of what the boards' addresses say, by the boards' names; or what makes one each time that the board is
   * looked for, and rejects where it is nowhere.
   */
  readonly links?: Readonly<Record<string, ByteLink | Relink>>;
  /** Carries the messages in place of a mesh of the circuit's own; it is closed at the end. */
  readonly mesh?: Mesh;
  /** How nodes find others and are found; left out, they know their own process and the grid. */
  readonly discovery?: RunDiscovery;
  /** Flows that were loaded already, in place of their files, by their names. */
  readonly flows?: Readonly<Record<string, FlowDefinition>>;
  /** Takes each flow when it begins: what it counts may be read at any time. */
  readonly onFlow?: (flow: Flow) => void;
  /**
   * Path of a new file that the run is recorded to, boards, mesh and all: see `openRecording()`. Where that cannot be gone on
   * with, a notice says so, and the circuit goes on.
   */
  readonly record?: string | Recorder;
  /** Takes all that boards and nodes do, as a recording has it. */
  readonly onEntry?: (entry: Entry) => void;
  /** Where this user's files are, and what credentials to take. The process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Takes the circuit when it has begun; it then goes on after all that acts by itself has ended. */
  readonly onBegun?: (running: RunningCircuit) => void;
  /** Tells what the configuration has become: sketches are swapped in place. The circuit then goes on as with `onBegun`. */
  readonly watched?: WatchedDefinition;
}

/** A definition that may change while its circuit runs. */
export interface WatchedDefinition {
  /** @param changed Takes each change, once it has dealt with the one before. */
  start(changed: (reread: Reread) => Promise<void>): void;
  close(): void;
}

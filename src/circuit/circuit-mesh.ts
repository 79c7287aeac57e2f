import type { CircuitDefinition } from "../config/define.js";
import type { Clock } from "../core/clock.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Pages } from "../mesh/ws/pages.js";
import { recordedMesh } from "../record/recorded-mesh.js";
import { flowsMesh, hasFlowsOnly } from "./flows/flows-mesh.js";
import { makeMesh } from "./mesh.js";
import { journalFrames, type RecordedOptions } from "./record-run.js";

export interface CircuitMeshOptions extends Pick<RecordedOptions, "mesh" | "discovery" | "env" | "journal"> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pages: Pages;
  /** Takes why a mesh that is opened late cannot be. */
  readonly failed: (reason: unknown) => void;
  readonly notice: (text: string) => void;
}

/** The mesh of a circuit: the one that is given, or its own, which flows alone open when they need it; recorded where asked. */
export async function circuitMesh(definition: CircuitDefinition, options: CircuitMeshOptions): Promise<Mesh> {
  const { journal } = options;
  const made = await bareMesh(definition, options);
  return journal ? recordedMesh(made, journal) : made;
}

async function bareMesh(definition: CircuitDefinition, options: CircuitMeshOptions): Promise<Mesh> {
  const { mesh, discovery, env = process.env, clock, signal, pages, failed, notice, journal } = options;
  const tap = journal && journalFrames(journal);
  const make = () => makeMesh(definition, { clock, discovery, env, signal, notice, pages, tap });
  if (mesh !== undefined || !hasFlowsOnly(definition)) return mesh ?? make();
  return flowsMesh({ definition, make, seeks: discovery !== undefined, env, failed, notice });
}

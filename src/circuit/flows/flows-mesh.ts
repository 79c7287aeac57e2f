import type { CircuitDefinition } from "../../config/define.js";
import type { Mesh } from "../../mesh/mesh.js";
import { EVENTS_ONLY, takesNothing } from "../event-engine.js";
import { boardsOfPins } from "../pins.js";
import { LazyMesh, type LazyMeshOptions } from "./lazy-mesh.js";

export interface FlowsMeshOptions extends Omit<LazyMeshOptions, "open"> {
  readonly definition: CircuitDefinition;
  readonly make: () => Promise<Mesh>;
  /** Whether nodes of other processes are looked for. */
  readonly seeks: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whether nothing but flows needs the mesh of a circuit. */
export function hasFlowsOnly(definition: CircuitDefinition): boolean {
  const { nodes = {}, observers = [], flows = {} } = definition;
  const others = Object.keys(nodes).length + observers.length + boardsOfPins(definition).length;
  return Object.keys(flows).length > 0 && others === 0;
}

/** The mesh of a circuit that has flows only: joined when a flow needs it. */
export function flowsMesh({ make, ...options }: FlowsMeshOptions): Mesh {
  const open = async () => {
    const mesh = await make();
    try {
      await join(mesh, options);
      return mesh;
    } catch (error) {
      await mesh.close();
      throw error;
    }
  };
  return new LazyMesh({ open, failed: options.failed, notice: options.notice });
}

async function join(mesh: Mesh, { definition, seeks, env }: Omit<FlowsMeshOptions, "make">): Promise<void> {
  if (definition.mesh === undefined && seeks) {
    // Those who publish and know no node either find it by this one.
    const name = nameOf(definition, env);
    await mesh.serve(name, takesNothing, { host: "localhost", port: 0, about: { engine: EVENTS_ONLY } });
  }
  await mesh.join();
}

/** Several run a flow at the same time; where names are proved, it needs a credential of its own. */
function nameOf({ flows = {}, security }: CircuitDefinition, env: FlowsMeshOptions["env"]): string {
  const [flow = "flow"] = Object.keys(flows);
  const isProved = (security?.credentials ?? env.CIRCUIT_CREDENTIALS) !== undefined;
  return isProved ? flow : `${flow.slice(0, 54)}-${crypto.randomUUID().slice(0, 8)}`;
}

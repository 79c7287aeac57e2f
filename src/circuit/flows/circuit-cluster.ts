import type { CircuitDefinition } from "../../config/define.js";
import { CircuitError } from "../../core/error.js";
import type { Mesh } from "../../mesh/mesh.js";
import { keepingOf } from "../observing.js";
import { type FlowCluster, flowCluster } from "./flow-cluster.js";
import type { FlowMesh } from "./jetstream-queue.js";
import { LazyMesh } from "./lazy-mesh.js";

/**
 * What the flows of a circuit share with other processes: nothing where its mesh is no NATS server. The mesh is joined when
 * a flow needs it.
 */
export function clusterOf(definition: CircuitDefinition, mesh: Mesh): Partial<FlowCluster> {
  const isNats = definition.mesh !== undefined || isKept(mesh);
  return isNats ? flowCluster(() => openedOf(mesh), keepingOf(definition)) : {};
}

async function openedOf(mesh: Mesh): Promise<FlowMesh> {
  const opened = mesh instanceof LazyMesh ? await mesh.opened() : mesh;
  if (isKept(opened)) return opened;
  throw new CircuitError("CONFIG_INVALID", "Cannot share a flow: the circuit's mesh is no NATS server", {
    hint: "Run the flow with --mesh nats://host:4222, on a server started with -js.",
  });
}

/** Whether a mesh has what flows share. Its class would load all of NATS. */
function isKept(mesh: object): mesh is FlowMesh {
  return "queues" in mesh && "bucket" in mesh;
}

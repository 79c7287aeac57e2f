import type { Mesh } from "../../../src/mesh/mesh.js";
import { NatsMesh } from "../../../src/mesh/nats/nats-mesh.js";
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";

/** How a process takes part: by WebSockets, knowing where its peers are, or over NATS. */
export type MeshChoice =
  | { readonly engine: "ws"; readonly grid: Readonly<Record<string, string>> }
  | { readonly engine: "nats"; readonly url: string };

/** Short, so that a run takes seconds and notices what is silent. */
const LIMITS = { silenceMs: 1_000, handshakeMs: 1_000, outstanding: 64 };

export function openMesh(choice: MeshChoice): Mesh {
  const patienceMs = 60_000;
  return choice.engine === "ws"
    ? new WsMesh({ grid: choice.grid, limits: LIMITS, patienceMs })
    : new NatsMesh({ url: choice.url, limits: LIMITS, patienceMs });
}

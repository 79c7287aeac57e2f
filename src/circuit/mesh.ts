import type { CircuitDefinition } from "../config/define.js";
import { CIRCUIT_SETTINGS } from "../config/settings.js";
import type { Clock } from "../core/clock.js";
import { MemoryMesh } from "../mesh/memory/memory-mesh.js";
import type { Mesh, PeerNotice } from "../mesh/mesh.js";
import type { FrameTap } from "../mesh/tap.js";
import type { Pages } from "../mesh/ws/pages.js";
import type { DiscoveryChoice } from "./discovery.js";

/** How a circuit's nodes find others and are found. */
export type RunDiscovery = Pick<DiscoveryChoice, "announce" | "lan"> & {
  /** Where to try nodes that neither the grid names nor anybody has announced. */
  readonly fallback?: Readonly<Record<string, string>>;
};

export interface MakeMeshOptions {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How nodes of other processes are found; `undefined` where nobody looks for them. */
  readonly discovery: RunDiscovery | undefined;
  readonly signal: AbortSignal;
  /** What the ports of its nodes say to those who ask without a WebSocket. */
  readonly pages: Pages;
  readonly notice: (text: string) => void;
  /** Told each frame that comes or goes. */
  readonly tap?: FrameTap | undefined;
}

/** Credentials are a node's: observers and pins alone have no name to prove. */
const NOBODY = `This circuit publishes to nobody else: no node of it could prove its name
  Give it a node with credentials; a sketch that does nothing will do.`;

/** The mesh that a circuit needs. Sockets, and NATS, are loaded only where a node is reached through them. */
export async function makeMesh(definition: CircuitDefinition, options: MakeMeshOptions): Promise<Mesh> {
  const { nodes = {}, flows = {}, grid = {}, timeoutSeconds, mesh, security, poll = false } = definition;
  const { clock, env, signal, pages, tap } = options;
  const notice: PeerNotice = ({ peer, address, problem }) =>
    options.notice(problem ? `${problem.message}; trying again` : `${peer} is there (${address})`);
  const patienceMs = (timeoutSeconds ?? CIRCUIT_SETTINGS.timeoutSeconds.default ?? 0) * 1_000;
  if (mesh !== undefined) {
    const { openNatsMesh } = await import("./nats.js");
    return openNatsMesh({ url: mesh, clock, env, notice, patienceMs, signal, tap });
  }
  const isReached = Object.values(nodes).some(({ listen }) => listen !== undefined);
  const isAlone = !isReached && options.discovery === undefined && Object.keys(grid).length === 0;
  if (isAlone && security?.access === undefined && security?.publish === undefined) {
    return new MemoryMesh({ clock, notice, patienceMs });
  }
  const { openWsMesh } = await import("./ws.js");
  const { fallback = {}, ...choice } = options.discovery ?? {};
  const found = options.discovery === undefined ? undefined : choice;
  const shared = { clock, env, pages, patienceMs, poll, tap, notice: options.notice };
  const { mesh: ws } = await openWsMesh({
    ...{ ...shared, grid, fallback, discovery: found },
    ...(security && { security }),
  });
  if (Object.keys({ ...nodes, ...flows }).length === 0 && (security?.credentials ?? env.CIRCUIT_CREDENTIALS))
    options.notice(NOBODY);
  return ws;
}

import { type Clock, systemClock } from "../core/clock.js";
import type { MeshCounts } from "../mesh/counts.js";
import { sumEvents } from "../mesh/events/event-tally.js";
import type { PeerNotice } from "../mesh/mesh.js";
import type { NatsMesh } from "../mesh/nats/nats-mesh.js";
import { WsMesh, type WsMeshOptions } from "../mesh/ws/ws-mesh.js";
import { Bridge, type BridgeEvent, type BridgeOptions } from "./bridge.js";
import { type DiscoveryChoice, makeDiscovery } from "./discovery.js";
import { openNatsMesh } from "./nats.js";
import { makePages } from "./pages.js";
import { makeSafety } from "./safety.js";

export interface RunBridgeOptions
  extends Pick<BridgeOptions, "names" | "expose">,
    Pick<DiscoveryChoice, "lan" | "grid" | "env"> {
  /** The NATS server, or servers of a cluster with commas between. */
  readonly url: string;
  /** Time for the server to appear at the start, and for a node when a message comes, in milliseconds. */
  readonly patienceMs: number;
  /** Stops it: what is under way finishes, and `runBridge()` rejects with the signal's own reason. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: BridgeEvent) => void;
  readonly clock?: Clock;
}

/**
 * Joins the ws mesh around this process to NATS, until the signal aborts.
 *
 * @throws {CircuitError} `USAGE`, `CONFIG_INVALID`, `FILE_FAILED`, `ADDRESS_INVALID`, `ADDRESS_BUSY`, `ACCESS_DENIED`, or
 *   `PEER_MISSING` when there is no server in time.
 */
export async function runBridge(options: RunBridgeOptions): Promise<never> {
  const { url, patienceMs, names, expose, signal, onEvent, clock = systemClock, ...found } = options;
  const { grid = {}, env = process.env } = found;
  const tell = (text: string) => onEvent({ type: "notice", text });
  const notice: PeerNotice = ({ peer, address, problem }) =>
    tell(problem ? `${problem.message}; trying again` : `${peer} is there (${address})`);
  const safety = await makeSafety({}, { env, clock, notice: tell });
  const { trust, tls } = safety;
  const discovery = await makeDiscovery({ ...found, clock, trust, tls, notice: tell });
  let nats: NatsMesh | undefined;
  const counts = (): MeshCounts => {
    const sides = [ws, ...(nats ? [nats] : [])].map((mesh) => mesh.counts());
    return {
      nodes: sides.flatMap(({ nodes }) => nodes),
      peers: sides.flatMap(({ peers }) => peers),
      events: sumEvents(sides.map(({ events }) => events)),
    };
  };
  const pages = makePages({ counts, boards: new Map(), boardOf: () => undefined });
  const ws = openWs({ clock, notice, patienceMs, grid, discovery, pages, safety });
  let bridge: Bridge | undefined;
  try {
    nats = await openNatsMesh({ url, clock, notice, patienceMs, signal });
    bridge = new Bridge({ ws, nats, table: discovery.table, names, expose, clock, onEvent });
    await discovery.start();
    await bridge.start();
    return await aborted(signal);
  } finally {
    await bridge?.close();
    await Promise.all([ws.close(), nats?.close()]);
  }
}

/** A mesh, which closes its safety; that is closed too where an address of the grid cannot be one. */
function openWs(options: WsMeshOptions): WsMesh {
  try {
    return new WsMesh(options);
  } catch (error) {
    options.safety?.close();
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

import { type Clock, systemClock } from "../core/clock.js";
import type { MeshCounts } from "../mesh/counts.js";
import { sumEvents } from "../mesh/event-tally.js";
import type { PeerNotice } from "../mesh/mesh.js";
import type { NatsMesh } from "../mesh/nats/nats-mesh.js";
import { Bridge, type BridgeEvent, type BridgeOptions } from "./bridge.js";
import type { DiscoveryChoice } from "./discovery.js";
import { openNatsMesh } from "./nats.js";
import { makePages } from "./pages.js";
import { type OpenWsMeshOptions, openWsMesh } from "./ws.js";

export interface RunBridgeOptions
  extends Pick<BridgeOptions, "names" | "expose">,
    Pick<DiscoveryChoice, "lan" | "grid" | "env">,
    Pick<OpenWsMeshOptions, "security"> {
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
  const { url, patienceMs, names, expose, signal, onEvent, clock = systemClock } = options;
  const { grid = {}, lan = false, env = process.env, security = {} } = options;
  const tell = (text: string) => onEvent({ type: "notice", text });
  const notice: PeerNotice = ({ peer, address, problem }) =>
    tell(problem ? `${problem.message}; trying again` : `${peer} is there (${address})`);
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
  const { mesh: ws, discovery } = await openWsMesh({
    ...{ clock, env, security, grid, patienceMs, pages, notice: tell },
    discovery: { lan, grid },
  });
  let bridge: Bridge | undefined;
  try {
    nats = await openNatsMesh({ url, clock, env, notice, patienceMs, signal });
    bridge = new Bridge({ ws, nats, table: discovery.table, names, expose, clock, onEvent });
    await discovery.start();
    await bridge.start();
    return await aborted(signal);
  } finally {
    await bridge?.close();
    await Promise.all([ws.close(), nats?.close()]);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

import { type Clock, systemClock } from "../core/clock.js";
import { Discovery } from "../mesh/discovery/discovery.js";
import { GridSource } from "../mesh/discovery/grid.js";
import { LocalSource } from "../mesh/discovery/local.js";
import { findRuntimeDirectory } from "../mesh/discovery/runtime-directory.js";
import type { Source } from "../mesh/discovery/source.js";
import type { Trust } from "../mesh/safety/trust.js";
import { probeWs } from "../mesh/ws/probe.js";
import type { Tls } from "../mesh/ws/tls.js";

export interface DiscoveryChoice {
  /** Whether the nodes of this process let others find them. True by default. */
  readonly announce?: boolean;
  /** Whether the local network is asked and told too, by mDNS. */
  readonly lan?: boolean;
  /** Nodes that are known beforehand. */
  readonly grid?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly notice?: (text: string) => void;
  /** By what nodes are trusted, and trust us. */
  readonly trust?: Trust | undefined;
  readonly tls?: Tls | undefined;
}

/** Every way to find nodes that was asked for. mDNS is loaded only where it is. */
export async function makeDiscovery({
  announce = true,
  lan = false,
  grid = {},
  env = process.env,
  clock = systemClock,
  notice,
  trust,
  tls,
}: DiscoveryChoice): Promise<Discovery> {
  const identify = (target: string, address: string) => probeWs(target, address, { clock, trust, tls });
  const sources: Source[] = [
    new GridSource(grid),
    new LocalSource({ directory: findRuntimeDirectory(env), clock, identify }),
  ];
  if (lan) {
    const { MdnsSource } = await import("../mesh/discovery/mdns.js");
    sources.push(new MdnsSource({ clock }));
  }
  return new Discovery({ sources, identify, announces: announce, ...(notice && { notice }) });
}

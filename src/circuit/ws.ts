import type { CircuitDefinition } from "../config/define.js";
import type { Clock } from "../core/clock.js";
import type { Discovery } from "../mesh/discovery/discovery.js";
import type { PeerNotice } from "../mesh/mesh.js";
import { WsMesh, type WsMeshOptions } from "../mesh/ws/ws-mesh.js";
import { type DiscoveryChoice, makeDiscovery } from "./discovery.js";
import { makeSafety } from "./safety.js";

export interface OpenWsMeshOptions
  extends Pick<WsMeshOptions, "patienceMs" | "fallback" | "pages" | "poll" | "tap"> {
  readonly grid?: CircuitDefinition["grid"];
  readonly security?: CircuitDefinition["security"];
  /** How nodes of other processes are found; `undefined` where nobody looks for them. */
  readonly discovery: Pick<DiscoveryChoice, "announce" | "lan" | "grid"> | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Takes what a person should know. */
  readonly notice: (text: string) => void;
}

interface OpenedWsMesh {
  readonly mesh: WsMesh;
  readonly discovery: Discovery | undefined;
}

/**
 * A mesh over WebSockets, as safe as its configuration and the environment say. It closes what it is made of.
 *
 * @throws {CircuitError} `CONFIG_INVALID`, `FILE_FAILED`, `ACCESS_DENIED` or `ADDRESS_INVALID`.
 */
export function openWsMesh(
  options: OpenWsMeshOptions & { readonly discovery: object },
): Promise<{ readonly mesh: WsMesh; readonly discovery: Discovery }>;
export function openWsMesh(options: OpenWsMeshOptions): Promise<OpenedWsMesh>;
export async function openWsMesh({
  grid = {},
  security = {},
  discovery: choice,
  env,
  notice: tell,
  ...options
}: OpenWsMeshOptions): Promise<OpenedWsMesh> {
  const { clock } = options;
  const notice: PeerNotice = ({ peer, address, problem }) =>
    tell(problem ? `${problem.message}; trying again` : `${peer} is there (${address})`);
  const safety = await makeSafety(security, { env, clock, notice: tell });
  try {
    const { trust, tls } = safety;
    const discovery = choice && (await makeDiscovery({ ...choice, env, clock, trust, tls, notice: tell }));
    const mesh = new WsMesh({
      ...options,
      ...{ grid, notice, safety },
      ...(discovery && { discovery }),
      allowedHosts: (security.hosts ?? []).map((host) => host.toLowerCase()),
      allowedOrigins: security.origins ?? [],
    });
    return { mesh, discovery };
  } catch (error) {
    safety.close();
    throw error;
  }
}

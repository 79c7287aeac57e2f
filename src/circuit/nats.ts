import type { Clock } from "../core/clock.js";
import type { PeerNotice } from "../mesh/mesh.js";
import { credentialsOf } from "../mesh/nats/credentials.js";
import { NatsMesh } from "../mesh/nats/nats-mesh.js";
import type { FrameTap } from "../mesh/tap.js";
import { readVersion } from "./version.js";

export interface OpenNatsMeshOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly notice: PeerNotice;
  readonly patienceMs: number;
  /** Has the credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told each frame that comes or goes. */
  readonly tap?: FrameTap | undefined;
}

/**
 * Connects to a NATS server with the credentials of the environment.
 *
 * @throws {CircuitError} `ADDRESS_INVALID`, `PEER_MISSING` after the patience, `ACCESS_DENIED`; the signal's own reason.
 */
export async function openNatsMesh({ signal, env, ...options }: OpenNatsMeshOptions): Promise<NatsMesh> {
  const mesh = new NatsMesh({ ...options, version: readVersion(), credentials: credentialsOf(env) });
  const stop = () => void mesh.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await mesh.open();
    return mesh;
  } catch (error) {
    await mesh.close();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

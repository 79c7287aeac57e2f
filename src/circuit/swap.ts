import { resolve } from "node:path";
import { parseAddress } from "../board/link/address.js";
import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { CONTROL_CHANNEL } from "../mesh/channel.js";
import type { Mesh } from "../mesh/mesh.js";
import { type Moved, readAnswer } from "./control.js";

export interface RequestSwapOptions {
  readonly node: string;
  /** Address of the other board, as the node's process is to open it. */
  readonly board: string;
  /** NATS server; without one, the nodes that can be found. */
  readonly url: string | undefined;
  readonly lan: boolean;
  /** Who this is to nodes that ask for credentials. */
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
  readonly clock?: Clock;
}

/** How long a node may be looked for that is known, in milliseconds. */
const PATIENCE_MS = 5_000;

/** How long a move may take, in milliseconds: both boards may have to start, and the outbox to empty. */
const MOVE_MS = 30_000;

/**
 * Has a node's process move its board.
 *
 * @throws {CircuitError} `PEER_UNKNOWN`, `PEER_MISSING`, `ACCESS_DENIED`, `TIMEOUT`; why the node refused, or could not.
 */
export async function requestSwap(options: RequestSwapOptions): Promise<Moved> {
  const { node, board, name, signal, clock = systemClock } = options;
  const mesh = await openMesh(options, clock);
  try {
    const deadlineAtMs = clock.now() + MOVE_MS;
    const asked = { from: name, channel: CONTROL_CHANNEL, signal, deadlineAtMs };
    return readAnswer(node, await mesh.send(node, { swap: board }, asked));
  } finally {
    await mesh.close();
  }
}

/** An address as another process finds it: paths are relative to our folder, and not to its own. */
export function addressForOthers(text: string, folder: string): string {
  const { scheme, settings } = parseAddress(text);
  const firmware = settings.get("firmware");
  if (scheme !== "sim" || firmware === undefined) return text;
  const [place = ""] = text.split("?", 1);
  return `${place}?firmware=${encodeURIComponent(resolve(folder, firmware))}`;
}

async function openMesh(options: RequestSwapOptions, clock: Clock): Promise<Mesh> {
  const { url, env, lan, node, notice, signal } = options;
  if (url !== undefined) {
    const { openNatsMesh } = await import("./nats.js");
    return openNatsMesh({ url, clock, env, signal, notice: () => {}, patienceMs: PATIENCE_MS });
  }
  const { openWsMesh } = await import("./ws.js");
  const discovery = { announce: false, lan };
  const opened = await openWsMesh({ clock, env, discovery, notice, patienceMs: PATIENCE_MS });
  try {
    await opened.discovery.start();
    const [problem] = opened.discovery.problems;
    if (problem) throw problem;
    if (lan) {
      const { FIRST_ANSWERS_MS } = await import("../mesh/discovery/mdns.js");
      await clock.sleep(FIRST_ANSWERS_MS, signal);
    }
    if (opened.discovery.table.named(node).length > 0) return opened.mesh;
    const where = lan ? "here or on the local network" : "on this machine";
    throw new CircuitError(
      "PEER_UNKNOWN",
      `Cannot find ${node}: no node of that name is announced ${where}`,
      {
        hint: "`circuit nodes` lists those that are; a node has to listen, and not be started with --no-announce.",
      },
    );
  } catch (error) {
    await opened.mesh.close();
    throw error;
  }
}

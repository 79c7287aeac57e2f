import { type Clock, systemClock } from "../../core/clock.js";
import { type Probed, probe } from "../framed/probe.js";
import { DEFAULT_LIMITS } from "../limits.js";
import type { Trust } from "../safety/trust.js";
import { WsConnector } from "./connect.js";
import type { Tls } from "./tls.js";

/** Time for a node to answer, in milliseconds: a busy machine's hundredfold of what loopback takes. */
const ANSWER_MS = 1_000;

export interface ProbeWsOptions {
  readonly clock?: Clock;
  /** By what nodes are trusted, and trust us. */
  readonly trust?: Trust | undefined;
  readonly tls?: Tls | undefined;
}

/** Asks who answers at the address of a node, and how quickly. Never rejects. */
export function probeWs(
  target: string,
  address: string,
  { clock = systemClock, trust, tls }: ProbeWsOptions = {},
): Promise<Probed> {
  const connector = new WsConnector({ clock, limits: DEFAULT_LIMITS, tls });
  return probe((dialing) => connector.dial(target, () => address, dialing, 0), {
    target,
    clock,
    limitMs: ANSWER_MS,
    trust,
  });
}

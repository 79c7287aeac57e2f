import type { CircuitError } from "../../core/error.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";

/** What a connector tells a session while it has no link. */
export interface Dialing {
  /** The target is not there yet. The connector goes on trying. */
  missing(address: string, problem: CircuitError): void;
  /** There is a link; its events go to what is returned. */
  opened(link: FrameLink, found?: Found): FrameLinkEvents;
  /** The target may not be spoken to there. The connector does not go on trying. */
  denied?(problem: CircuitError): void;
}

/** Where a target was found that had been looked for. */
export interface Found {
  readonly address: string;
  /** Name that it must have: what was announced there may have given way to another node. */
  readonly node?: string;
  /** Only the network's word says so, which is anybody's. */
  readonly isHearsay?: boolean;
  /** Who answers there is not let in, or is not to be trusted. @returns Whether there is another to try. */
  denied?(): boolean;
}

/** Connects to a target, trying until there is a link or it is cancelled. `waitMs`: before the first try. */
export type Dial = (target: string, dialing: Dialing, waitMs: number) => () => void;

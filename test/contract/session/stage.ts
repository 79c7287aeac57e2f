import type { ManualClock } from "../../../src/core/manual-clock.js";
import { DEFAULT_LIMITS, type MeshLimits } from "../../../src/mesh/limits.js";
import type { Handler } from "../../../src/mesh/mesh.js";
import type { DialPeer } from "../../../src/mesh/peer.js";
import type { Trust } from "../../../src/mesh/safety/trust.js";
import type { Sender } from "../../../src/mesh/sender.js";
import type { LinkCutter } from "../link-cutter.js";

/** Nodes that are reached by one kind of link. */
export interface SessionRig {
  readonly dial: DialPeer;
  serve(name: string, handler: Handler, concurrency?: number): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
  /** What both ends ask of each other, where they do. */
  readonly trust?: Trust;
  /** Lets links move what is under way, for so long that nothing of it takes 5 000 turns. */
  turn(): Promise<void>;
}

export type OpenSessionRig = (options: {
  readonly clock: ManualClock;
  readonly limits: MeshLimits;
}) => Promise<SessionRig>;

/** A rig with a sender, whose links may be cut. */
export interface Stage extends SessionRig {
  readonly clock: ManualClock;
  readonly sender: Sender;
  readonly cutter: LinkCutter;
  /** Moves time until a promise is settled. */
  settle<Result>(result: Promise<Result>): Promise<Result>;
}

/** A test of a session: its name, and what it does on a stage of its own. */
export type Story = (name: string, run: (stage: Stage) => Promise<void>) => void;

export const LIMITS: MeshLimits = { ...DEFAULT_LIMITS, outstanding: 16, queued: 2_000 };

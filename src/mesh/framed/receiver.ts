import type { Clock } from "../../core/clock.js";
import type { ReceivedTally } from "../counts.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import type { EventExchange } from "./event-exchange.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import type { Admitted } from "./in-greeting.js";

/** Looks after those who cannot listen, such as web pages: passes on what they send, and serves nodes in their names. */
export interface GuestDesk {
  /** Why a guest that has been let in is to be sent away, if there is a reason. */
  findRefusal(admitted: Admitted): string | undefined;
  /** Goes on with the link of one that is not. */
  take(
    link: FrameLink,
    admitted: Admitted,
    at: { readonly peer: string; readonly node: string },
  ): FrameLinkEvents;
}

/** A node as all of its sessions know it. */
export interface Receiver {
  readonly node: string;
  /** Random, new for each node that is served. */
  readonly boot: string;
  readonly handler: Handler;
  /** Messages of one channel that run at the same time. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly tally: ReceivedTally;
  /** Where events of its links go to and come from. */
  readonly events?: EventExchange | undefined;
  /** Calls back when the present turn of the event loop is over. */
  readonly schedule: (callback: () => void) => void;
  /** Whether a sender, by its name, may use a channel; all may where it is left out. */
  mayTake?(from: string, channel: string): boolean;
  /** Whether a sender, by its name, may publish on a subject; all may where it is left out. */
  mayPublish?(from: string, subject: string): boolean;
  /** Looks after senders that cannot listen, where that is done. */
  readonly guests?: GuestDesk | undefined;
  /** Takes note of a sender that was not let in, or may not send what it sent. */
  refused?(from: string, peer: string, reason: string): void;
}

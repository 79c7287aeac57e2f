import type { Clock } from "../../core/clock.js";
import type { ReceivedTally } from "../counts.js";
import type { MeshLimits } from "../limits.js";
import type { Handler } from "../mesh.js";
import type { EventExchange } from "./event-exchange.js";

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
  /** Takes note of a sender that was not let in, or may not send what it sent. */
  refused?(from: string, peer: string, reason: string): void;
}

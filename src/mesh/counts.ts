import type { Clock } from "../core/clock.js";
import { Histogram } from "../core/histogram.js";
import type { EventCounts } from "./event-tally.js";

/**
 * What a mesh has done so far. Messages cost an increment each: the figures are plain numbers, which whoever is asked for
 * them reads.
 */
export interface MeshCounts {
  readonly nodes: readonly NodeCounts[];
  readonly peers: readonly PeerCounts[];
  readonly events: EventCounts;
}

/** What a node has received, and what it holds now. */
export interface NodeCounts {
  readonly node: string;
  readonly received: ReceivedCounts;
  /** Connections that were not let in, by the status that they were told. */
  readonly refusedConnections: Failures;
  /** Connections of the framed and of the plain protocol. */
  readonly framedLinks: number;
  readonly plainLinks: number;
  /** Sessions of senders whose link broke. */
  readonly keptSessions: number;
  /** Messages whose handler runs, and those that have not begun. */
  readonly running: number;
  readonly waiting: number;
  /** Acks that their senders have not confirmed, or messages that will have one. */
  readonly held: number;
}

/** What was sent to a target, and what of it is under way now. */
export interface PeerCounts extends PeerLoad {
  readonly peer: string;
  readonly sent: SentCounts;
}

/** Whether a target is connected, and what it has under way and waiting. */
export interface PeerLoad {
  readonly isConnected: boolean;
  /** Messages under way, of at most `window`. */
  readonly outstanding: number;
  readonly window: number;
  /** Messages that wait for a link, or for room on it. */
  readonly queued: number;
}

/** What several connections to one target have together. */
export function sumOfLoads(loads: readonly PeerLoad[]): PeerLoad {
  return {
    isConnected: loads.some(({ isConnected }) => isConnected),
    outstanding: loads.reduce((sum, { outstanding }) => sum + outstanding, 0),
    window: loads.reduce((sum, { window }) => sum + window, 0),
    queued: loads.reduce((sum, { queued }) => sum + queued, 0),
  };
}

export type ReceivedCounts = Pick<
  ReceivedTally,
  "messages" | "acks" | "repeats" | "turnedAway" | "failures" | "handlerMs"
>;

export type SentCounts = Pick<SentTally, "messages" | "acks" | "repeats" | "failures" | "ackMs">;

/** How often each of a few words was told. */
export class Failures {
  readonly #counts = new Map<string, number>();

  add(code: string): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  [Symbol.iterator](): Iterator<readonly [code: string, count: number]> {
    return this.#counts.entries();
  }
}

/** Counts what a node receives. */
export class ReceivedTally {
  messages = 0;
  acks = 0;
  /** Messages that came again after a broken link, and did not run again. */
  repeats = 0;
  /** Times that messages were refused because the node leaves, or because some before them had not come. */
  turnedAway = 0;
  readonly failures = new Failures();
  /** How long handlers took: of the messages that came together, the first. */
  readonly handlerMs = new Histogram();
}

/** Counts what is sent to one target. */
export class SentTally {
  messages = 0;
  acks = 0;
  /** Messages that were sent again, after a broken link or to a successor. */
  repeats = 0;
  readonly failures = new Failures();
  /** From `send()` to the ack, of one message at a time. */
  readonly ackMs = new Histogram();
  #timed: object | undefined;
  #startMs = 0;
  #untimed = 0;

  /** A message was taken. One at a time is followed to its ack: a clock for each would cost more than the message. */
  began(message: object, clock: Clock): void {
    this.messages++;
    if (this.#timed !== undefined && ++this.#untimed < MOST_UNTIMED) return;
    this.#timed = message;
    this.#untimed = 0;
    this.#startMs = clock.now();
  }

  /** The ack of a message came at that time on the clock, in milliseconds. */
  acked(message: object, nowMs: number): void {
    this.acks++;
    if (this.#timed !== message) return;
    this.#timed = undefined;
    this.ackMs.add(nowMs - this.#startMs);
  }

  /** A message goes another way, and is counted there. */
  handedOver(message: object): void {
    this.messages--;
    if (this.#timed === message) this.#timed = undefined;
  }

  /** A message will have no ack. */
  failed(message: object, code: string): void {
    this.failures.add(code);
    if (this.#timed === message) this.#timed = undefined;
  }
}

/** A message that is followed may have been taken back, which nobody tells: after so many others another is. */
const MOST_UNTIMED = 4_096;

import type { EventHeaders } from "../event.js";
import type { Payload } from "../payload.js";
import type { FrameWriter } from "./frame-writer.js";
import type { EventRecipient, Interest } from "./records.js";
import type { SharedRecords } from "./shared-records.js";

/** Where a session's link meets the events of its process. */
export interface EventExchange {
  /**
   * What names the process on the links of one of its nodes, for as long as its mesh lives. Where nodes prove their names,
   * each has an id of its own, because each publishes over links of its own.
   */
  processOf(node: string): string;

  /**
   * There is a link with another process. A sender says so of each; a receiver of those whose senders take part in
   * events, so that thousands of others cost nothing.
   *
   * @returns What hears the other end, until the link has ended; `undefined` where it is this process's own.
   */
  join(output: EventOutput, peer: EventPeer): EventInput | undefined;
}

export interface EventPeer {
  /** What the other end says to be its process. */
  readonly process: string;
  /** Name of the node at the other end, where that is known. */
  readonly node: string | undefined;
  /** Whether it has proved that name. */
  readonly isProven: boolean;
  /** Name of this process's node at this end; empty where it has none. */
  readonly own: string;
}

/** The way to the other end of a link. */
export interface EventOutput {
  /** The peer takes more slowly than we send, or the link has ended: events are not to be written. */
  readonly isFull: boolean;
  /** For one more record. */
  readonly record: FrameWriter;
  /** Records that many links are given: the last of a turn, so that they need not wait for more. */
  share(shared: SharedRecords): void;
}

/** Hears what the other end of a link says of events. What it throws costs the link. */
export interface EventInput {
  /** @param interest All that the other end listens to, in place of what it said before. */
  interest(interest: Interest): void;
  /** See `FrameSink.event()`. */
  event(
    subject: string,
    data: Payload,
    headers: EventHeaders | undefined,
    bytes: number,
    to: EventRecipient | undefined,
  ): void;
  /**
   * What the other end has published up to a number is here, as far as it was for this link, and so is what was asked
   * for up to another.
   */
  soFar(sequence: number, ask: number): void;
  /** A full link may have room again. */
  room(): void;
  /** The other end answers a ping. */
  pong(token: number): void;
  /** The link has ended. */
  ended(): void;
}

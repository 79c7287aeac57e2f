import type { CircuitError } from "../core/error.js";
import type { TraceContext } from "./trace.js";

/** The sender's end of one open connection to a channel of a node. Texts travel whole, in order, at most once. */
export interface Link {
  /** The peer takes more slowly than we send: hand over nothing until `room()` is told. */
  readonly isFull: boolean;

  /** Hands a text over and returns at once, and its trace where the link can carry one. After the end: nothing. */
  send(text: string, trace?: TraceContext): void;

  /** Closes; nothing is told afterwards. Idempotent. */
  close(): void;
}

/** How a link ended that its owner did not close. */
export type LinkEnd =
  | { readonly kind: "refused"; readonly reason: string } // the handler threw at the oldest message without ack
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "denied"; readonly problem: CircuitError }; // the peer may not be spoken to so

/** What a connection tells its owner: `missing` any number of times, `opened`, acks and room, `ended`. */
export interface LinkEvents {
  /** The peer is not there yet. The connector goes on trying. */
  missing(address: string, problem: CircuitError): void;
  opened(link: Link): void;
  ack(text: string): void;
  /** A full link may have room again. */
  room(): void;
  ended(end: LinkEnd): void;
}

/**
 * Connects to one channel of one node, trying until it is opened or cancelled.
 *
 * `opened` and `ended` are not told before the function has returned.
 *
 * @returns Cancels the trying; nothing is told afterwards.
 */
export type Connect = (target: string, channel: string, events: LinkEvents) => () => void;

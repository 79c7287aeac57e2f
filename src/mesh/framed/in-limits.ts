import { CircuitError } from "../../core/error.js";

/** When a node that leaves wants its senders to look for it again, in milliseconds. */
export const LEAVING_RETRY_MS = 250;

/**
 * Bytes of messages without an answer, at which one sender may send no more, and of acks that are kept for it, at which
 * nothing of it runs until it has confirmed some: 64 of the longest. It confirms when it has half of them.
 */
export const WINDOW_BYTES = 4_194_304;

/** What a channel takes of memory (measured: 235 bytes and its name). */
export const CHANNEL_BYTES = 256;

/** Longest headers of a message, in bytes: a key and a few numbers. */
export const MOST_HEADERS_BYTES = 4_096;

/** Names of callers that all channels of a session may have, in UTF-16 units: two thousand of the longest. */
export const MOST_CALLERS_UNITS = 1_048_576;

/** A sender does what it may not: it loses its link. */
export function unexpected(what: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot go on with this sender: ${what}`);
}

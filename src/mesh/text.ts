import { CircuitError, messageOf } from "../core/error.js";
import type { MeshLimits } from "./limits.js";
import { checkPayload, isLonger, type Payload } from "./payload.js";

/** The ack of a handler that had nothing to say. The seed's own. */
export const NO_ANSWER = "n/a";

/** Longest reason that a WebSocket close frame carries, in bytes: RFC 6455 section 5.5, less the code. */
export const MAX_REASON_BYTES = 123;

/**
 * The ack for what a handler returned: nothing and an empty text become `n/a`, half surrogates U+FFFD.
 *
 * @throws When the value has no text, or one that no frame can carry.
 */
export function ackOf(value: unknown, limits: Pick<MeshLimits, "frameBytes">): string {
  if (value === undefined || value === null) return NO_ANSWER;
  const text = typeof value === "string" ? value : String(value);
  if (text === "") return NO_ANSWER;
  if (isLonger(text, limits.frameBytes)) {
    throw new CircuitError(
      "MESSAGE_INVALID",
      `Cannot answer: the ack has ${Buffer.byteLength(text)} bytes of at most ${limits.frameBytes}`,
    );
  }
  return text.toWellFormed();
}

/**
 * The ack for what a handler returned, with its type: a text, bytes, or a JSON value. Nothing and an empty text become
 * `n/a`, what JSON has no words for its text.
 *
 * @throws When the value has no text, or one that no frame can carry.
 */
export function answerOf(value: unknown, limits: Pick<MeshLimits, "frameBytes">): Payload {
  if (!(value instanceof Uint8Array) && (typeof value !== "object" || value === null)) {
    if (typeof value !== "number" && typeof value !== "boolean") return ackOf(value, limits);
  }
  checkPayload(value, limits);
  return value;
}

/** What a handler threw, as the reason of a close frame: one line, no stack, at most 123 bytes. */
export function reasonOf(thrown: unknown): string {
  const line =
    textOf(thrown)
      .split(/[\r\n]/, 1)[0]
      ?.trim() ?? "";
  return truncate(line === "" ? "the handler failed" : line.toWellFormed(), MAX_REASON_BYTES);
}

function textOf(thrown: unknown): string {
  try {
    return messageOf(thrown);
  } catch {
    return ""; // an object without a text
  }
}

/** Cuts a text between characters so that it has at most `maxBytes` of UTF-8, and marks the cut. */
function truncate(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const roomBytes = maxBytes - Buffer.byteLength("…");
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(roomBytes));
  return `${text.slice(0, read)}…`;
}

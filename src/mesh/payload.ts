import { CircuitError } from "../core/error.js";
import type { MeshLimits } from "./limits.js";
import { checkMessage } from "./text.js";

/** A value that JSON can say, apart from a text, which is sent as it is. */
export type Json = number | boolean | null | readonly JsonMember[] | { readonly [key: string]: JsonMember };
type JsonMember = Json | string;

/** What a message or an ack is: a text, bytes, or a JSON value. It keeps its type from end to end. */
export type Payload = string | Uint8Array | Json;

/** A payload as it travels: its kind, and the bytes or the text that stand for it. */
export type PayloadKind = "text" | "bytes" | "json";

/**
 * Lets through what a frame can carry.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function checkPayload(
  payload: unknown,
  limits: Pick<MeshLimits, "frameBytes">,
): asserts payload is Payload {
  if (typeof payload === "string") {
    checkMessage(payload, limits);
  } else if (payload instanceof Uint8Array) {
    if (payload.length > limits.frameBytes) throw tooLong(payload.length, limits.frameBytes);
  } else {
    const bytes = Buffer.byteLength(jsonOf(payload));
    if (bytes > limits.frameBytes) throw tooLong(bytes, limits.frameBytes);
  }
}

/**
 * The JSON text of a value.
 *
 * @throws {CircuitError} `MESSAGE_INVALID` where JSON has no words for it.
 */
export function jsonOf(value: unknown): string {
  try {
    const json = JSON.stringify(value);
    if (json !== undefined) return json;
  } catch (cause) {
    throw notJson(typeof value, cause);
  }
  throw notJson(typeof value);
}

function notJson(what: string, cause?: unknown): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot send a message: JSON has no words for this ${what}`, {
    hint: "Send a text, bytes (Uint8Array), or plain objects, arrays, numbers, booleans and null.",
    cause,
  });
}

function tooLong(bytes: number, most: number): CircuitError {
  return new CircuitError(
    "MESSAGE_INVALID",
    `Cannot send a message: it has ${bytes} bytes of at most ${most}`,
    {
      hint: "Send it in parts.",
    },
  );
}

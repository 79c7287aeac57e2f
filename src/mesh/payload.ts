import { CircuitError } from "../core/error.js";
import type { MeshLimits } from "./limits.js";

/** A value that JSON can say, apart from a text, which is sent as it is. */
export type Json = number | boolean | null | readonly JsonMember[] | { readonly [key: string]: JsonMember };
type JsonMember = Json | string;

/** What a message or an ack is: a text, bytes, or a JSON value. It keeps its type from end to end. */
export type Payload = string | Uint8Array | Json;

/**
 * Lets through what a text frame can carry.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function checkMessage(message: string, limits: Pick<MeshLimits, "frameBytes">): void {
  if (typeof message !== "string") {
    throw new CircuitError("MESSAGE_INVALID", `Cannot send a message: it is ${typeof message}, not a text`, {
      hint: "Convert it with String() or JSON.stringify().",
    });
  }
  if (!message.isWellFormed()) {
    throw new CircuitError("MESSAGE_INVALID", "Cannot send a message: it has half of a surrogate pair", {
      hint: "Send bytes as base64 or hexadecimal text.",
    });
  }
  if (isLonger(message, limits.frameBytes)) {
    throw new CircuitError(
      "MESSAGE_INVALID",
      `Cannot send a message: it has ${Buffer.byteLength(message)} bytes of at most ${limits.frameBytes}`,
      { hint: "Send it in parts." },
    );
  }
}

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

/** A payload as the plain protocol carries it: JSON as its text; `undefined` for bytes, which it has no frame for. */
export function plainTextOf(payload: Payload): string | undefined {
  if (typeof payload === "string") return payload;
  return payload instanceof Uint8Array ? undefined : jsonOf(payload);
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

/** Whether a text takes more bytes of UTF-8 than that. */
export function isLonger(text: string, maxBytes: number): boolean {
  // A UTF-16 unit takes at most three bytes, so most texts need no count.
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

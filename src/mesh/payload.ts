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

/** What arrives elsewhere of a checked payload: nothing of it is the sender's, who may go on changing it. */
export function copyOf(payload: Payload): Payload {
  if (payload instanceof Uint8Array) return new Uint8Array(payload);
  // The cast: what JSON.parse() gives of an object's JSON is Json.
  return typeof payload === "object" && payload !== null ? (JSON.parse(jsonOf(payload)) as Payload) : payload;
}

/**
 * The JSON text of a value.
 *
 * @throws {CircuitError} `MESSAGE_INVALID` where JSON has no words for it.
 */
export function jsonOf(value: unknown): string {
  try {
    const json = JSON.stringify(value);
    if (json !== undefined && !isTooDeep(json)) return json;
    if (json !== undefined) throw new Error(`over ${MOST_LEVELS} levels of arrays and objects`);
  } catch (cause) {
    throw notJson(typeof value, cause);
  }
  throw notJson(typeof value);
}

/**
 * Levels of JSON that is longer than this many characters. Without a limit a peer could have a frame read for a fifth of
 * a second (measured: 400 000 levels in 800 kB), while nobody else is served.
 */
const MOST_LEVELS = 1_000;
const SHORT_JSON = 4_096;

/** Whether arrays and objects of a JSON text are nested deeper than is read. */
export function isTooDeep(json: string): boolean {
  if (json.length <= SHORT_JSON) return false;
  let level = 0;
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (unit === QUOTE) at = endOfText(json, at);
    else if (unit === OPEN_ARRAY || unit === OPEN_OBJECT) {
      if (++level > MOST_LEVELS) return true;
    } else if (unit === CLOSE_ARRAY || unit === CLOSE_OBJECT) level--;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Where the text that begins at a quote ends; the end of all where it does not. */
function endOfText(json: string, quoteAt: number): number {
  let at = quoteAt + 1;
  while (at < json.length && json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

function notJson(what: string, cause?: unknown): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot send a message: JSON has no words for this ${what}`, {
    hint: "Send a text, bytes (Uint8Array), or plain objects, arrays (not too deep), numbers, booleans and null.",
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

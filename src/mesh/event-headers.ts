import { CircuitError } from "../core/error.js";
import type { EventHeaders } from "./event.js";

/** Headers of one event together, as JSON, in bytes: words about the data, which itself may have 64 KiB. */
export const MOST_HEADERS_BYTES = 8_192;

/** Begins the names that the mesh keeps for itself. */
const OWN = /^circuit-/i;

export const NO_HEADERS: EventHeaders = Object.freeze({});

/**
 * Lets through headers that every engine can carry.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function checkHeaders(headers: EventHeaders): void {
  const problem = findProblem(headers);
  if (problem === undefined) return;
  throw new CircuitError("MESSAGE_INVALID", `Cannot publish with these headers: ${problem}`, {
    hint: "Put anything but a few short words into the data.",
  });
}

/** Headers that a peer sent; `undefined` where they are none. */
export function findHeaders(value: unknown): EventHeaders | undefined {
  // The cast: what is an object of texts, as is checked, is headers.
  return findProblem(value) === undefined ? (value as EventHeaders) : undefined;
}

function findProblem(headers: unknown): string | undefined {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return "they are no object";
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w-]+$/.test(name)) return `the name ${JSON.stringify(name.slice(0, 100))} has other characters`;
    if (OWN.test(name)) return `${name.slice(0, 100)} is not for users`;
    if (typeof value !== "string") return `${name} is ${typeof value}, not a text`;
    if (/[\r\n\0]/.test(value) || !value.isWellFormed() || value !== value.trim())
      return `the text of ${name} has a line break, half of a surrogate pair, or a space at an end`;
  }
  const bytes = Buffer.byteLength(JSON.stringify(headers));
  return bytes > MOST_HEADERS_BYTES ? `they have ${bytes} bytes of at most ${MOST_HEADERS_BYTES}` : undefined;
}

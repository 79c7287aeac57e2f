import { CircuitError } from "../core/error.js";

/** Longest key, in bytes of UTF-8: as a channel; with a trace it fits the headers of a message twice. */
const MOST_BYTES = 255;

/**
 * Lets through what can be an idempotency key.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > 0 && bytes <= MOST_BYTES && key.isWellFormed()) return;
  const state = key.isWellFormed()
    ? `it has ${bytes} bytes of 1 to ${MOST_BYTES}`
    : "it has half a surrogate pair";
  throw new CircuitError("MESSAGE_INVALID", `Cannot send under this idempotency key: ${state}`, {
    hint: "Take a short text that names what the message is to bring about, such as an order's number.",
  });
}

import { type MsgHdrs, headers as makeHeaders } from "@nats-io/transport-node";
import { CircuitError } from "../../../core/error.js";

/**
 * The bytes of headers, as NATS has them on the wire.
 *
 * @throws {CircuitError} `MESSAGE_INVALID` where a value has a line break: what follows would be a header.
 */
export function writeHeaders(entries: readonly (readonly [name: string, value: string])[]): Uint8Array {
  let text = "NATS/1.0\r\n";
  for (const [name, value] of entries) {
    if (/[\r\n]/.test(value))
      throw new CircuitError("MESSAGE_INVALID", `Cannot send the header ${name}: it has a line break`, {
        hint: "Encode it, for example with encodeURIComponent().",
      });
    text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(`${text}\r\n`);
}

/**
 * Hands headers to the client that are bytes already: its own are a map of lists, which takes longer to fill and to write
 * than the rest of a message. When it publishes, it asks what it is given to `encode()`, which its types do not tell.
 */
export class WrittenHeaders {
  readonly #handed: MsgHdrs = Object.assign(makeHeaders(), { encode: () => this.#bytes });
  #bytes: Uint8Array = new Uint8Array();

  /** For the message that is published next, in this turn. */
  of(bytes: Uint8Array): MsgHdrs {
    this.#bytes = bytes;
    return this.#handed;
  }
}

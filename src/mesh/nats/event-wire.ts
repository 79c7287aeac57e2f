import { type MsgHdrs, headers as makeHeaders } from "@nats-io/transport-node";
import type { EventHeaders } from "../event.js";
import { NO_HEADERS } from "../event-headers.js";
import { isTooDeep, jsonOf, type Payload } from "../payload.js";

/**
 * Says what the bytes of an event are, where they are not a text: `json` or `bytes`. Without it, from whatever client,
 * they are a text where they are UTF-8, and bytes where they are not.
 */
export const TYPE_HEADER = "Circuit-Type";

/** An event that is meant for one durable listener only, which gave it up before. */
export const FOR_HEADER = "Circuit-For";

/** Names that are the mesh's, NATS's and its MQTT gateway's own, and no words about the data. */
const OWN = /^(?:circuit|nats|nmqtt)-/i;

const SHORT_TEXT_BYTES = 8;

/** Strict: what is no UTF-8 is bytes. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What travels of data: a copy, because the client sends later. */
export function encodeData(data: Payload): string | Uint8Array {
  if (data instanceof Uint8Array) return new Uint8Array(data);
  return typeof data === "string" ? data : jsonOf(data);
}

/** Headers as NATS writes them, those of the mesh's own included; `undefined` where there are none. */
export function encodeHeaders(headers: EventHeaders | undefined, data: Payload): MsgHdrs | undefined {
  const type = typeOf(data);
  const entries = headers === undefined ? [] : Object.entries(headers);
  if (entries.length === 0 && type === undefined) return undefined;
  const wire = makeHeaders();
  for (const [name, value] of entries) wire.set(name, value);
  if (type !== undefined) wire.set(TYPE_HEADER, type);
  return wire;
}

/** The data of a message; of a foreign client's, which may say anything of it, the text or the bytes. */
export function decodeData(data: Uint8Array, headers: MsgHdrs | undefined): Payload {
  if (headers === undefined) return shortTextOf(data) ?? textOf(data) ?? new Uint8Array(data);
  const type = headers?.get(TYPE_HEADER) ?? "";
  if (type === "bytes") return new Uint8Array(data);
  const text = textOf(data);
  if (text === undefined) return new Uint8Array(data);
  if (type !== "json" || isTooDeep(text)) return text;
  try {
    // The cast: what JSON.parse() gives is Json, or a text, which is a payload too.
    return JSON.parse(text) as Payload;
  } catch {
    return text;
  }
}

/** The text that bytes are, if they are UTF-8. */
function textOf(data: Uint8Array): string | undefined {
  try {
    return UTF8.decode(data);
  } catch {
    return undefined;
  }
}

/** A short text, if it is ASCII: the decoder would cost more than the rest of its way. */
function shortTextOf(data: Uint8Array): string | undefined {
  if (data.length > SHORT_TEXT_BYTES) return undefined;
  let text = "";
  for (const byte of data) {
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

export function decodeHeaders(wire: MsgHdrs | undefined): EventHeaders {
  if (wire === undefined) return NO_HEADERS;
  const entries: (readonly [string, string])[] = [];
  for (const [name, [value = ""]] of wire) if (!OWN.test(name)) entries.push([name, value]);
  return Object.fromEntries(entries);
}

/** What `TYPE_HEADER` says of data; `undefined` for a text, of which it says nothing. */
export function typeOf(data: Payload): "json" | "bytes" | undefined {
  if (typeof data === "string") return undefined;
  return data instanceof Uint8Array ? "bytes" : "json";
}

import { escaped } from "../core/printable.js";
import type { DeadEvent } from "../mesh/durable.js";
import type { Payload } from "../mesh/payload.js";

/** Data as a person reads it: a text as it is, JSON as JSON, bytes as base64. */
export function escapedData(data: Payload): string {
  if (typeof data === "string") return escaped(data);
  return escaped(data instanceof Uint8Array ? Buffer.from(data).toString("base64") : JSON.stringify(data));
}

/** Data as a field of a line of JSON, and what it is there: bytes are base64. */
export function jsonData(data: Payload): {
  readonly data: unknown;
  readonly type: "text" | "json" | "bytes";
} {
  if (typeof data === "string") return { data, type: "text" };
  if (!(data instanceof Uint8Array)) return { data, type: "json" };
  return { data: Buffer.from(data).toString("base64"), type: "bytes" };
}

/** What is told of an event, live, kept or dead. */
export interface Shown {
  readonly subject: string;
  readonly data: Payload;
  readonly headers: Readonly<Record<string, string>>;
  readonly from?: string | undefined;
  readonly atMs: number;
  readonly kept?: { readonly id: string; readonly stream: string; readonly sequence: number } | undefined;
}

/** An event as a line of JSON. */
export function jsonLine({ subject, data, headers, from, atMs, kept }: Shown): string {
  return JSON.stringify({ ...{ subject, ...jsonData(data), headers, from, at: isoTime(atMs) }, ...kept });
}

/** An event as a line for a person: time of day, subject, data, and headers where there are some. */
export function textLine({ subject, data, headers, atMs }: Shown): string {
  const words = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const tail = words.length > 0 ? `  [${escaped(words.join(", "))}]` : "";
  return `${timeOfDay(atMs)}  ${escaped(subject)}  ${escapedData(data)}${tail}`;
}

/** A dead event, whose `at` is in milliseconds of the Unix epoch, as a line of JSON. */
export function deadJsonLine({ number, event, consumer, cause, diedAt }: DeadEvent): string {
  const { subject, data, headers, id, stream, sequence, deliveryCount } = event;
  const kept = { id, stream, sequence, deliveryCount };
  const died = { number, consumer, cause, diedAt: isoTime(diedAt) };
  return JSON.stringify({ ...died, subject, ...jsonData(data), headers, at: isoTime(event.at), ...kept });
}

/** A dead event as a line for a person. */
export function deadTextLine({ number, event, consumer, cause, diedAt }: DeadEvent): string {
  const { subject, data, deliveryCount } = event;
  const line = `${number}  ${timeOfDay(diedAt)}  ${escaped(subject)}  ${escapedData(data)}`;
  return `${line}  (${escaped(consumer)}, ${deliveryCount} tries: ${escaped(cause)})`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Hours to milliseconds of the local day. */
function timeOfDay(ms: number): string {
  const at = new Date(ms);
  const parts = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) =>
    String(part).padStart(2, "0"),
  );
  return `${parts.join(":")}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

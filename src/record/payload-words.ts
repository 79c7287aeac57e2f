import { escaped } from "../core/printable.js";
import type { Payload } from "../mesh/payload.js";

/** A payload as a person reads it on one line: a text as it is, JSON as JSON, bytes as their number. */
export function describePayload(payload: Payload): string {
  if (typeof payload === "string") return escaped(payload);
  return payload instanceof Uint8Array ? `${payload.length} bytes` : escaped(JSON.stringify(payload));
}

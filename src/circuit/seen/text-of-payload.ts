import type { Payload } from "../../mesh/payload.js";

/** The longest text of a payload that a page shows, in characters: more is not read in a row of a table. */
const MOST_SHOWN = 500;

/** A payload as a person reads it: a text as it is, JSON as such, bytes in hexadecimal. */
export function textOfPayload(payload: Payload): string {
  const text =
    typeof payload === "string"
      ? payload
      : payload instanceof Uint8Array
        ? Buffer.from(payload.subarray(0, MOST_SHOWN / 2)).toString("hex")
        : JSON.stringify(payload);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

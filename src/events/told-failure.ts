import { textOf } from "../core/error.js";
import { type Json, jsonOf, type Payload } from "../mesh/payload.js";

/**
 * What is told whole, in characters. One takes at most six bytes of JSON: together with headers, which have 8 KiB at
 * most, all of it fits into a frame of 64 KiB.
 */
const MOST_DATA_CHARACTERS = 4_096;
const MOST_MESSAGE_CHARACTERS = 1_024;
const MOST_STACK_CHARACTERS = 2_048;
const MOST_NAME_CHARACTERS = 128;

/** Data as JSON can say it; of what is long, the beginning of its text. */
export function dataOf(data: Payload): { readonly [key: string]: Json | string } {
  const isBytes = data instanceof Uint8Array;
  const isText = typeof data === "string";
  // Four characters of base64 are three bytes.
  const whole = isBytes ? Buffer.from(data).toString("base64") : isText ? data : jsonOf(data);
  const encoding = isBytes ? { encoding: "base64" } : {};
  if (whole.length <= MOST_DATA_CHARACTERS) return { data: isBytes || isText ? whole : data, ...encoding };
  const cut = whole.slice(0, MOST_DATA_CHARACTERS).toWellFormed();
  const jsonText = isBytes || isText ? {} : { encoding: "json" };
  return { data: cut, cutFromCharacters: whole.length, ...encoding, ...jsonText };
}

/** What was thrown, as JSON can say it. */
export function causeOf(cause: unknown): { readonly [key: string]: string } {
  if (!(cause instanceof Error))
    return { name: typeof cause, message: beginning(cause, MOST_MESSAGE_CHARACTERS) };
  const code: unknown = "code" in cause ? cause.code : undefined;
  return {
    name: beginning(cause.name, MOST_NAME_CHARACTERS),
    message: beginning(cause.message, MOST_MESSAGE_CHARACTERS),
    ...(typeof code === "string" && { code: beginning(code, MOST_NAME_CHARACTERS) }),
    ...(cause.stack !== undefined && { stack: beginning(cause.stack, MOST_STACK_CHARACTERS) }),
  };
}

function beginning(value: unknown, most: number): string {
  return textOf(value).slice(0, most).toWellFormed();
}

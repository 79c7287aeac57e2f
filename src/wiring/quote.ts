import { printable } from "../core/printable.js";

/** Longest quotation from a file, in characters: enough to find the place. */
const MAX_QUOTED = 60;

/** A value from a file for a message: short, on one line. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return toOneLine(typeof value === "string" ? JSON.stringify(value) : String(value));
}

/** Cuts a text from outside, and takes from it what would move a terminal's cursor or turn its text around. */
export function toOneLine(text: string): string {
  return text.length > MAX_QUOTED ? `${printable(text, MAX_QUOTED)}…` : printable(text);
}

import type { Payload } from "../mesh/payload.js";

/** A message that reached a node, and what became of it. */
export interface RigMessage {
  readonly atMs: number;
  readonly node: string;
  readonly channel: string;
  readonly message: Payload;
  /** What its sketch returned; `undefined` as long as it works on it, or where it threw. */
  readonly ack?: unknown;
  /** What its sketch threw. */
  readonly problem?: string;
}

/** Something that was published. */
export interface RigEvent {
  readonly atMs: number;
  readonly subject: string;
  readonly data: Payload;
}

/** Messages, and events, that are kept; the older go first. An hour of two a second is 7 200. */
const MOST_KEPT = 100_000;

/** A message as long as something may become of it. */
export type Told = { -readonly [Key in keyof RigMessage]: RigMessage[Key] };

/** Adds one more to what is kept. */
export function keep<Item>(kept: Item[], item: Item): void {
  if (kept.length >= MOST_KEPT) kept.shift();
  kept.push(item);
}

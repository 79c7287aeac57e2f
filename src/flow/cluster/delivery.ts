import { createHash } from "node:crypto";
import type { FlowContext } from "../source.js";
import type { Origin } from "./durable-queue.js";

/** How an item came to a processor from a durable connection. */
export interface ItemDelivery {
  /**
   * Names what the processor is given: the same each time that it comes, also where it was stored twice, and no other item
   * of this processor has it. Outputs that know their rows by it drop what comes again.
   */
  readonly key: string;
  /** The number in its queue of the item, or of what it was made of here. */
  readonly sequence: number;
  /** 1, or more where it was handed out before and not acknowledged. */
  readonly deliveryCount: number;
  /** Where it began; `undefined` where somebody else has put it there. */
  readonly origin: Origin | undefined;
}

/**
 * What names the item that a processor is given, for outputs that know it again.
 *
 * @param index Which item of a batch.
 * @returns `undefined` where no durable connection has brought it.
 */
export function keyOf({ deliveries }: FlowContext, index = 0): string | undefined {
  return deliveries?.[index]?.key;
}

/** What an item can be called, in characters. */
const MOST_KEY = 160;

/** A name of what was made of something: short enough, however long the way. */
export function keyBelow(key: string, step: string): string {
  const below = `${key}/${step}`;
  return below.length <= MOST_KEY ? below : hashOf(below);
}

/** 132 bits of a hash, of letters and digits, `-` and `_`. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

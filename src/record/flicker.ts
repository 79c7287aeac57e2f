import type { TimedAct } from "./life.js";

/** Changes of level that follow each other faster than this are a tone or a dimmed light, in milliseconds: 50 Hz. */
const FAST_MS = 20;

/** So many of them are short pulses, which are compared one by one. */
const MOST_PULSES = 4;

/**
 * Finds what changes a pin's level too fast for its number to mean anything: a tone, or a light that is dimmed, which the host
 * makes by turning the pin on and off. How often it comes to that depends on the machine.
 */
export class Flicker {
  readonly #lanes = new Map<string, { atMs: number; count: number }>();

  /** Whether an act, the next of its lane, is one of many. */
  isPart({ lane, pin, words, atMs }: Pick<TimedAct, "lane" | "pin" | "words" | "atMs">): boolean {
    const before = this.#lanes.get(lane);
    const isLevel = pin !== undefined && /(high|low)$/.test(words);
    const count = before && isLevel && atMs - before.atMs < FAST_MS ? before.count + 1 : 1;
    this.#lanes.set(lane, { atMs, count: isLevel ? count : 0 });
    return count > MOST_PULSES;
  }
}

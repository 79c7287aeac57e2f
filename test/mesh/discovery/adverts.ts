import type { Advert } from "../../../src/mesh/discovery/advert.js";

/** A boot id that a test can tell from others. */
export function bootOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

export function advertOf(number: number, changes: Partial<Advert> = {}): Advert {
  return {
    boot: bootOf(number),
    name: "buzzer",
    addresses: [`ws://127.0.0.1:${10_000 + number}`],
    engine: "ws",
    sinceMs: number,
    ...changes,
  };
}

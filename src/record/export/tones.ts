import type { ToBoard } from "../../firmata/to-board.js";
import type { TakeLevel } from "./pin-story.js";

interface Tone {
  readonly halfPeriodMs: number;
  readonly endMs: number;
  nextMs: number;
  level: 0 | 1;
}

/** Half of a period of so many hundredths of a hertz is this, divided by them, in milliseconds. */
const HALF_PERIOD_MS = 50_000;

/** The edges of the tones that a board sounds by itself. */
export class Tones {
  readonly #level: TakeLevel;
  readonly #sounding = new Map<number, Tone>();

  constructor(level: TakeLevel) {
    this.#level = level;
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const tone of this.#sounding.values()) nextMs = Math.min(nextMs, dueMs(tone));
    return nextMs;
  }

  start(
    pin: number,
    { centihertz, durationMs }: Pick<Extract<ToBoard, { type: "tone" }>, "centihertz" | "durationMs">,
    atMs: number,
  ): void {
    if (centihertz <= 0) return;
    const halfPeriodMs = HALF_PERIOD_MS / centihertz;
    const endMs = durationMs > 0 ? atMs + durationMs : Number.POSITIVE_INFINITY;
    this.#sounding.set(pin, { halfPeriodMs, endMs, nextMs: atMs + halfPeriodMs, level: 1 });
    this.#level(pin, 1, atMs);
  }

  stop(pin: number, atMs: number): void {
    if (this.#sounding.delete(pin)) this.#level(pin, 0, atMs);
  }

  /** They are gone without a word. */
  clear(): void {
    this.#sounding.clear();
  }

  /** Tells the edge that is due first. */
  runNext(): void {
    const { nextMs } = this;
    for (const [pin, tone] of this.#sounding) {
      if (dueMs(tone) !== nextMs) continue;
      if (tone.endMs <= tone.nextMs) this.stop(pin, tone.endMs);
      else {
        tone.level = tone.level ? 0 : 1;
        tone.nextMs += tone.halfPeriodMs;
        this.#level(pin, tone.level, nextMs);
      }
      return;
    }
  }
}

function dueMs({ nextMs, endMs }: Tone): number {
  return Math.min(nextMs, endMs);
}

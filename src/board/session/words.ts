import type { Clock } from "../../core/clock.js";

/** How often the same words are told again, in milliseconds: a display that is not wired makes a firmware say them 60 times. */
const AGAIN_MS = 1_000;

/** What a board says in words, for a person: what it says over and over is told once a second. */
export class Words {
  readonly #clock: Clock;
  readonly #notice: (text: string) => void;
  #last: string | undefined;
  #toldAtMs = 0;

  constructor(clock: Clock, notice: (text: string) => void) {
    this.#clock = clock;
    this.#notice = notice;
  }

  hear(text: string): void {
    const nowMs = this.#clock.now();
    if (text === this.#last && nowMs - this.#toldAtMs < AGAIN_MS) return;
    this.#last = text;
    this.#toldAtMs = nowMs;
    this.#notice(text.replaceAll("\0", ""));
  }
}

import type { Clock } from "../../core/clock.js";
import type { ByteLink } from "../link/link.js";

/** The link that a session uses at present, and what is under way on it. */
export class Wire {
  readonly link: ByteLink;
  readonly #clock: Clock;
  #freeAtMs = 0;

  constructor(link: ByteLink, clock: Clock) {
    this.link = link;
    this.#clock = clock;
  }

  /** When all that was sent will have reached the board, on the clock, in milliseconds. */
  get freeAtMs(): number {
    return Math.max(this.#freeAtMs, this.#clock.now());
  }

  /** Bytes that have not reached the board. A link that is as quick as it is written to never has any. */
  get unsentBytes(): number {
    const { bytesPerSecond } = this.link;
    if (!Number.isFinite(bytesPerSecond)) return 0;
    return Math.round(((this.freeAtMs - this.#clock.now()) * bytesPerSecond) / 1_000);
  }

  /** How long all that was sent still takes, in milliseconds; negative for how long the wire has been quiet. */
  aheadMs(nowMs: number): number {
    return this.#freeAtMs - nowMs;
  }

  send(bytes: Uint8Array, nowMs = this.#clock.now()): void {
    const startMs = Math.max(this.#freeAtMs, nowMs);
    this.#freeAtMs = startMs + (bytes.length / this.link.bytesPerSecond) * 1_000;
    this.link.write(bytes);
  }
}

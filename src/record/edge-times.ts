/**
 * A board that is told of so much later than it should be, in milliseconds, has stood still: its machine was suspended, or
 * was too slow for it. Less is the host's event loop, which was busy.
 */
const STANDSTILL_MS = 250;

const US_PER_MS = 1_000;

/**
 * Lays the clock of a board on a recording's: at the moment when its link was opened, and anew where the board has stood
 * still. A board's edges never go back.
 */
export class EdgeTimes {
  readonly #firstOriginMs: number;
  /** Time of the recording at which the board's was 0. */
  #originMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  /**
   * @param nowMs Time of the recording.
   * @param boardUs Time of the board, at the same moment.
   */
  constructor(nowMs: number, boardUs: number) {
    this.#firstOriginMs = nowMs - boardUs / US_PER_MS;
    this.#originMs = this.#firstOriginMs;
  }

  /** When an edge was, that is told now. */
  of(atUs: number, nowMs: number, boardUs: number): number {
    // What is told comes late, and never early: of all moments that it might have been the first is the nearest.
    const latestMs = Math.max(this.#firstOriginMs, nowMs - boardUs / US_PER_MS);
    if (latestMs < this.#originMs || latestMs - this.#originMs > STANDSTILL_MS) this.#originMs = latestMs;
    this.#lastMs = Math.max(this.#lastMs, this.#originMs + atUs / US_PER_MS);
    return this.#lastMs;
  }
}

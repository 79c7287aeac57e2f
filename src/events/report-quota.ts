import type { Clock } from "../core/clock.js";

/** Reports that one publishes in a second: whoever can make it fail could otherwise fill everybody's links. */
const MOST_REPORTS = 100;

/** How often they are counted anew, in milliseconds. */
const PERIOD_MS = 1_000;

/** Says whether one more failure may be reported, and counts those that may not. */
export class ReportQuota {
  readonly #clock: Clock;
  #periodAtMs = Number.NEGATIVE_INFINITY;
  #reported = 0;
  /** Failures since the last report of which there is none. */
  #unreported = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many were not reported since the last report, where this one may be; `undefined` where it may not. */
  take(): number | undefined {
    const nowMs = this.#clock.now();
    if (nowMs - this.#periodAtMs >= PERIOD_MS) {
      this.#periodAtMs = nowMs;
      this.#reported = 0;
    }
    if (++this.#reported > MOST_REPORTS) {
      this.#unreported++;
      return undefined;
    }
    const unreported = this.#unreported;
    this.#unreported = 0;
    return unreported;
  }
}

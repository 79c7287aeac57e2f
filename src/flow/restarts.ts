import { backoff } from "../core/backoff.js";
import type { Clock } from "../core/clock.js";
import type { Random } from "../core/random.js";

/** How often, and after what waits, a pipeline begins again. */
export interface RestartOptions {
  /** First wait, in milliseconds; 100 where nothing is said. */
  readonly firstMs?: number;
  /** Longest wait, in milliseconds; 30 000 where nothing is said. */
  readonly longestMs?: number;
  /** How much longer each wait is than the one before it; 2 where nothing is said. */
  readonly factor?: number;
  /** Most restarts after failures within `withinMs`; 5 where nothing is said. After one failure more it is given up. */
  readonly most?: number;
  /** In milliseconds; 60 000 where nothing is said. A pipeline that lived for so long begins with the first wait again. */
  readonly withinMs?: number;
}

const DEFAULTS = { firstMs: 100, longestMs: 30_000, factor: 2, most: 5, withinMs: 60_000 };

/** Says when a pipeline may begin again. It never waits itself. */
export class Restarts {
  readonly options: Required<RestartOptions>;
  readonly #clock: Clock;
  readonly #random: Random;
  #waits: Generator<number, never>;
  /** Moments of the restarts after failures that still count. */
  #failedAtMs: number[] = [];

  constructor(options: RestartOptions, clock: Clock, random: Random) {
    // Settings of a configuration may be there and undefined.
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.options = { ...DEFAULTS, ...Object.fromEntries(given) };
    this.#clock = clock;
    this.#random = random;
    this.#waits = backoff(this.options);
  }

  /** The wait before it begins again after a failure, in milliseconds; `undefined` where it has failed too often. */
  afterFailure(livedMs: number): number | undefined {
    const { most, withinMs } = this.options;
    const nowMs = this.#clock.now();
    this.#failedAtMs = this.#failedAtMs.filter((atMs) => nowMs - atMs < withinMs);
    if (this.#failedAtMs.length >= most) return undefined;
    this.#failedAtMs.push(nowMs);
    return this.#wait(livedMs);
  }

  /** The wait before it begins again after it has ended, in milliseconds. */
  afterEnd(livedMs: number): number {
    return this.#wait(livedMs);
  }

  #wait(livedMs: number): number {
    if (livedMs >= this.options.withinMs) this.#waits = backoff(this.options);
    // Half of it at least: pipelines that failed together do not come back together.
    return this.#waits.next().value * (0.5 + this.#random() / 2);
  }
}

import type { Clock } from "../../core/clock.js";

/** How long the event loop stays awake after a frame, in milliseconds: ten round trips between two cores. */
const AWAKE_MS = 0.3;
/** Frames that have to come so close together before any is waited for awake. */
const FIRST_FRAMES = 3;
/**
 * After so many it looks whether the core was taken away once a frame, as it is where the peer shares it: a frame then
 * costs milliseconds. Where it was not, it looks less often: the engine's own threads take it too, now and then.
 */
const FIRST_LOOK_FRAMES = 8;
const LAST_LOOK_FRAMES = 512;
const LOOK_GROWTH = 3;
/** How long it then sleeps as others do, in milliseconds; each further time in a row twice as long. */
const FIRST_REST_MS = 300;
const LONGEST_REST_MS = 10_000;

/** How often the system has taken the core away from this process; 0 where it does not say, as on Windows. */
function countTaken(): number {
  return process.resourceUsage().involuntaryContextSwitches;
}

/**
 * Keeps the event loop awake for a moment after each frame: to be woken by the system costs more than all the rest of a
 * round trip. It takes a core while messages come, so it is asked for; where the peer is slow, or shares the core, it
 * does not help, and rests.
 */
export class Poll {
  readonly #clock: Clock;
  readonly #countTaken: () => number;
  #isAwake = false;
  #untilMs = 0;
  #heardMs = Number.NEGATIVE_INFINITY;
  #close = 0;
  /** Frames since it looked, and what was counted then. */
  #frames = 0;
  #taken = 0;
  #lookFrames = FIRST_LOOK_FRAMES;
  #restMs = FIRST_REST_MS;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, taken = countTaken) {
    this.#clock = clock;
    this.#countTaken = taken;
  }

  /** A frame has arrived. */
  heard(): void {
    const nowMs = this.#clock.now();
    const isClose = nowMs - this.#heardMs <= AWAKE_MS;
    this.#heardMs = nowMs;
    this.#close = isClose ? this.#close + 1 : 0;
    if (this.#close < FIRST_FRAMES || nowMs < this.#restsUntilMs) return;
    if (this.#frames === 0) this.#taken = this.#countTaken();
    if (++this.#frames > this.#lookFrames && this.#isTaken()) {
      this.#restsUntilMs = nowMs + this.#restMs;
      this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
      return;
    }
    this.#untilMs = nowMs + AWAKE_MS;
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#clock.after(0, this.#look);
  }

  /** Whether the core was taken away too often; begins to count anew. */
  #isTaken(): boolean {
    const isTaken = this.#countTaken() - this.#taken >= this.#frames;
    this.#frames = 0;
    const next = isTaken ? FIRST_LOOK_FRAMES : this.#lookFrames * LOOK_GROWTH;
    this.#lookFrames = Math.min(next, LAST_LOOK_FRAMES);
    if (!isTaken) this.#restMs = FIRST_REST_MS;
    return isTaken;
  }

  /** Each time in a later turn of the event loop, which does not sleep while there is one to come. */
  readonly #look = (): void => {
    this.#isAwake = this.#clock.now() < this.#untilMs;
    if (this.#isAwake) this.#clock.after(0, this.#look);
  };
}

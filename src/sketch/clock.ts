import { Sketch } from "./sketch.js";

export interface ClockOptions {
  /** How many ticks to send; 0 for ever. */
  readonly ticks?: number;
  /** Wait after each acknowledgement, in seconds. */
  readonly delaySeconds?: number;
  /** Node that the ticks go to. */
  readonly target?: string;
}

/** Channel of the ticks. */
export const TICK_CHANNEL = "datafeed";

/** Sends ticks `0`, `1`, `2` …, each after the acknowledgement of the one before it and a delay. */
export class Clock extends Sketch {
  override readonly usesBoard = false;
  readonly #ticks: number;
  readonly #delaySeconds: number;
  readonly #target: string;

  constructor({ ticks = 5, delaySeconds = 1, target = "iopin" }: ClockOptions = {}) {
    super();
    this.#ticks = ticks;
    this.#delaySeconds = delaySeconds;
    this.#target = target;
  }

  override async run(): Promise<void> {
    for (let tick = 0; this.#ticks === 0 || tick < this.#ticks; tick++) {
      // Also without a delay: in one process with an emulated peer nothing else makes way for signals and timers.
      if (tick > 0) await this.clock.sleep(this.#delaySeconds * 1_000, this.signal);
      this.out(`> ${tick}`);
      const ack = await this.send(this.#target, String(tick), TICK_CHANNEL);
      this.out(`< ${ack}`);
    }
  }
}

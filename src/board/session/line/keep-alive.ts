import type { Clock } from "../../../core/clock.js";

/**
 * How long the board may answer nothing, in milliseconds, and how many pings at least: a busy event loop, a second of the
 * board's in I2C, or a queue before a ping on a slow line does not make the line a bad one.
 */
const SILENT_MS = 2_000;
const MOST_MISSED = 2;

/**
 * How long the answer to a ping may take that is sent because garbage has come, in milliseconds, and how many may fail: a
 * USB chip holds it back for 16, and a board that has reset itself is to have its pins back within 100.
 */
const SUSPECT_MS = 30;
const SUSPECT_PINGS = 2;

export interface KeepAliveOptions {
  readonly clock: Clock;
  /** Sends a ping after all that waits, and calls back when it is answered. */
  readonly ping: (answered: () => void) => void;
  /** Sends one past all that waits. Resolves with whether it is answered in time. */
  readonly pingNow: (withinMs: number) => Promise<boolean>;
  /** Whether anything is to be done about a bad line; otherwise pings go on: they may still be heard. */
  readonly canFail: () => boolean;
  /** The board has not answered for so long that the line must be bad. */
  readonly failed: () => void;
}

/** Pings that keep the board from taking its host for dead, and show whether it still hears. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #everyMs = 0;
  #missed = 0;
  #isWaiting = false;
  #waitingSinceMs = 0;
  #isSuspecting = false;
  #cancel = () => {};
  /** Which of the runs it is: an answer to the one before counts for nothing. */
  #run = 0;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** Pings so often from now on, in milliseconds. */
  start(everyMs: number): void {
    this.stop();
    this.#everyMs = everyMs;
    this.#missed = 0;
    this.#isWaiting = false;
    this.#wait();
  }

  /** Idempotent. */
  stop(): void {
    this.#run++;
    this.#everyMs = 0;
    this.#cancel();
  }

  /** Something has come that is no message: is the board still there? */
  suspect(): void {
    if (this.#everyMs === 0 || this.#isSuspecting) return;
    void this.#look();
  }

  async #look(): Promise<void> {
    const run = this.#run;
    this.#isSuspecting = true;
    let isAnswered = false;
    for (let ping = 0; !isAnswered && ping < SUSPECT_PINGS; ping++)
      isAnswered = await this.#options.pingNow(SUSPECT_MS);
    this.#isSuspecting = false;
    if (!isAnswered && run === this.#run) this.#fail();
  }

  #wait(): void {
    this.#cancel = this.#options.clock.after(this.#everyMs, () => this.#tick());
  }

  #tick(): void {
    if (this.#isWaiting) this.#missed++;
    const nowMs = this.#options.clock.now();
    if (!this.#isWaiting) this.#waitingSinceMs = nowMs;
    if (this.#missed >= MOST_MISSED && nowMs - this.#waitingSinceMs >= SILENT_MS && this.#options.canFail()) {
      this.#fail();
      return;
    }
    const run = this.#run;
    this.#isWaiting = true;
    this.#options.ping(() => {
      if (run !== this.#run) return;
      this.#isWaiting = false;
      this.#missed = 0;
    });
    this.#wait();
  }

  #fail(): void {
    this.stop();
    this.#options.failed();
  }
}

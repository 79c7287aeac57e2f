import type { Clock } from "../../core/clock.js";

export interface KeepAliveOptions {
  readonly clock: Clock;
  /** Silence after which the peer is asked, in milliseconds. Without it, it is never asked. */
  readonly askAfterMs?: number;
  /** Silence after which the link counts as broken, in milliseconds. */
  readonly giveUpAfterMs: number;
  /** Sends what the peer answers. */
  ask?(): void;
  giveUp(): void;
}

/**
 * Notices a peer that has fallen silent without a word: its machine has lost power, or a router has forgotten it.
 *
 * What is heard costs a clock reading and no timer; the one timer looks, when it is due, how long ago that was.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #heardAtMs = 0;
  #hasAsked = false;
  #cancel: () => void = () => {};

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** Begins to listen for silence on a new link. */
  start(): void {
    this.heard(this.#options.clock.now());
    this.#wait();
  }

  /** The peer has said something, at that time on the clock. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
    this.#hasAsked = false;
  }

  /** Idempotent. */
  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  #wait(): void {
    const { clock, askAfterMs, giveUpAfterMs } = this.#options;
    const limitMs = askAfterMs === undefined || this.#hasAsked ? giveUpAfterMs : askAfterMs;
    this.stop();
    this.#cancel = clock.after(this.#heardAtMs + limitMs - clock.now(), () => this.#look());
  }

  #look(): void {
    const { clock, askAfterMs, giveUpAfterMs, ask, giveUp } = this.#options;
    const silentMs = clock.now() - this.#heardAtMs;
    if (silentMs >= giveUpAfterMs) {
      giveUp();
      return;
    }
    if (askAfterMs !== undefined && silentMs >= askAfterMs && !this.#hasAsked) {
      this.#hasAsked = true;
      ask?.();
    }
    this.#wait();
  }
}

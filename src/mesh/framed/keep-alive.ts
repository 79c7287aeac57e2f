import type { Clock } from "../../core/clock.js";

export interface KeepAliveTimes {
  /** Silence after which the peer is asked, in milliseconds. Without it, it is never asked. */
  readonly askAfterMs?: number;
  /** Silence after which the link counts as broken, in milliseconds. */
  readonly giveUpAfterMs: number;
}

/** Whose link it is. */
export interface KeepAliveOwner {
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
  readonly #clock: Clock;
  readonly #times: KeepAliveTimes;
  readonly #owner: KeepAliveOwner;
  #heardAtMs = 0;
  #hasAsked = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, times: KeepAliveTimes, owner: KeepAliveOwner) {
    this.#clock = clock;
    this.#times = times;
    this.#owner = owner;
  }

  /** Begins to listen for silence on a new link. */
  start(): void {
    this.heard(this.#clock.now());
    this.#wait();
  }

  /** The peer has said something, at that time on the clock. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
    this.#hasAsked = false;
  }

  /** Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #wait(): void {
    const { askAfterMs, giveUpAfterMs } = this.#times;
    const limitMs = askAfterMs === undefined || this.#hasAsked ? giveUpAfterMs : askAfterMs;
    this.stop();
    this.#cancel = this.#clock.after(this.#heardAtMs + limitMs - this.#clock.now(), () => this.#look());
  }

  #look(): void {
    const { askAfterMs, giveUpAfterMs } = this.#times;
    const silentMs = this.#clock.now() - this.#heardAtMs;
    if (silentMs >= giveUpAfterMs) {
      this.#owner.giveUp();
      return;
    }
    if (askAfterMs !== undefined && silentMs >= askAfterMs && !this.#hasAsked) {
      this.#hasAsked = true;
      this.#owner.ask?.();
    }
    this.#wait();
  }
}

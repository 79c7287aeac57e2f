import { backoff } from "../../../core/backoff.js";
import type { Clock } from "../../../core/clock.js";
import { type ConsumeOptions, GiveUp, HandBack } from "../../durable.js";
import type { Connection } from "../connection.js";
import { persist } from "../persist.js";
import { JetStreamApi } from "./api.js";
import { bury, isBuried } from "./graves.js";
import type { Handled } from "./handled.js";
import { LastKeys } from "./last-keys.js";
import type { Run } from "./run.js";

/** Waits before an event is tried again, in milliseconds. */
const RETRY = { firstMs: 250, factor: 4, longestMs: 60_000 };

/** Deliveries beyond the tries after which an event is given up untried, or untaken: it may be what kills the process. */
const MOST_UNANSWERED = 10;

/** When an event that was not taken comes again, to somebody else or to whoever takes it by then, in milliseconds. */
const UNTAKEN_MS = 1_000;

/** Events that were not taken here and are remembered: as many as a listener may hold. */
const MOST_UNTAKEN = 1_024;

/** Tries of an event that has none else. */
const USUAL_DELIVERIES = 5;

export interface TriesOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly options: ConsumeOptions;
  readonly handled: Handled;
}

/** What becomes of events whose handlers fail: they are tried again, and after the last try stored among the dead. */
export class Tries {
  readonly #given: TriesOptions;
  readonly #deliveries: number;
  /** Handed back by handlers of this process, which live. */
  readonly #untaken = new LastKeys(MOST_UNTAKEN);
  #hasGivenUpUntried = false;

  constructor(given: TriesOptions) {
    this.#given = given;
    this.#deliveries = given.options.deliveries ?? USUAL_DELIVERIES;
  }

  /**
   * Whether an event was handed out more often than it is tried. Nobody knows why: its process has died, of it or of another
   * event, or has handed it back; so it runs alone.
   */
  isSuspect({ kept }: Run): boolean {
    return kept.deliveryCount > this.#deliveries;
  }

  /**
   * Whether a suspect was given up, perhaps by a process that has died since; then it is ended.
   *
   * @throws {Error} Where far too many have not answered for it. One event only: if that is what kills processes, those
   *   that were held beside it have a chance now.
   */
  async isOver(run: Run): Promise<boolean> {
    if (!this.isSuspect(run)) return false;
    const { kept } = run;
    if (await this.#ask((api) => isBuried(api, kept))) {
      this.#given.handled.addGivenUp(kept);
      kept.end();
      return true;
    }
    if (!this.#isFarBeyond(run)) return false;
    if (this.#hasGivenUpUntried || this.#untaken.has(run.key)) return false;
    this.#hasGivenUpUntried = true;
    throw new Error(`it was handed out ${kept.deliveryCount} times, and is not tried once more`);
  }

  /**
   * Hands an event back, or, after its last try, stores it among the dead, and only then ends it.
   *
   * @param isLeaving Whether the listener takes nothing any more.
   */
  async failed(run: Run, cause: unknown, isLeaving: boolean): Promise<void> {
    const { deliveryCount } = run.kept;
    if (cause instanceof HandBack) {
      this.#untaken.add(run.key);
      run.kept.retryAfter(isLeaving ? 0 : UNTAKEN_MS);
    } else if (deliveryCount < this.#deliveries && !(cause instanceof GiveUp)) {
      run.kept.retryAfter(retryMs(deliveryCount));
    } else {
      await this.#giveUp(run, cause);
    }
  }

  async #giveUp(run: Run, cause: unknown): Promise<void> {
    const { connection, options, handled } = this.#given;
    const { keeping, onDead, onError } = options;
    try {
      const { mostPayloadBytes } = connection;
      await this.#ask((api) => bury(api, run.kept, { cause, keeping, mostBytes: mostPayloadBytes }));
    } catch (problem) {
      onError?.(problem);
      run.kept.retryAfter(retryMs(run.kept.deliveryCount));
      return;
    }
    handled.addGivenUp(run.kept);
    run.kept.end();
    onDead?.(run.event, cause);
  }

  #isFarBeyond({ kept }: Run): boolean {
    return kept.deliveryCount > this.#deliveries + MOST_UNANSWERED;
  }

  /** Asks the server, again and again while it is away. */
  #ask<T>(ask: (api: JetStreamApi) => Promise<T>): Promise<T> {
    const { connection, clock } = this.#given;
    return persist(connection, clock, async (client) => ask(await JetStreamApi.of(client)));
  }
}

function retryMs(deliveryCount: number): number {
  const waits = backoff(RETRY);
  let waitMs = 0;
  for (let delivery = 0; delivery < deliveryCount; delivery++) waitMs = waits.next().value;
  return waitMs;
}

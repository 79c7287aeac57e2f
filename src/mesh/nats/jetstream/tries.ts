import { backoff } from "../../../core/backoff.js";
import type { Clock } from "../../../core/clock.js";
import { type ConsumeOptions, GiveUp } from "../../durable.js";
import type { Connection } from "../connection.js";
import { persist } from "../persist.js";
import { JetStreamApi } from "./api.js";
import { bury, isBuried } from "./dead-letters.js";
import type { Handled } from "./handled.js";
import type { Run } from "./run.js";

/** Waits before an event is tried again, in milliseconds. */
const RETRY = { firstMs: 250, factor: 4, longestMs: 60_000 };

/** Deliveries beyond the tries after which an event is given up untried: it may be what kills the process. */
const MOST_UNANSWERED = 10;

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

  constructor(given: TriesOptions) {
    this.#given = given;
  }

  /**
   * Whether an event that was handed out more often than it is tried was given up, perhaps by a process that has died
   * since; then it is ended.
   *
   * @throws {Error} Where nobody has ever answered for it.
   */
  async isOver({ kept, key }: Run): Promise<boolean> {
    const { options, handled } = this.#given;
    const { deliveries = USUAL_DELIVERIES } = options;
    if (kept.deliveryCount <= deliveries) return false;
    if (await this.#ask((api) => isBuried(api, kept))) {
      handled.add(key);
      kept.end();
      return true;
    }
    if (kept.deliveryCount <= deliveries + MOST_UNANSWERED) return false;
    throw new Error(`it was handed out ${kept.deliveryCount} times, and nobody answered`);
  }

  /** Hands an event back, or, after its last try, stores it among the dead, and only then ends it. */
  async failed(run: Run, cause: unknown): Promise<void> {
    const { options, handled } = this.#given;
    const { deliveries = USUAL_DELIVERIES, keeping, onDead, onError } = options;
    const { deliveryCount } = run.kept;
    if (deliveryCount < deliveries && !(cause instanceof GiveUp)) {
      run.kept.retryAfter(retryMs(deliveryCount));
      return;
    }
    try {
      await this.#ask((api) => bury(api, run.kept, cause, keeping));
    } catch (problem) {
      onError?.(problem);
      run.kept.retryAfter(retryMs(deliveryCount));
      return;
    }
    handled.add(run.key);
    run.kept.end();
    onDead?.(run.event, cause);
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

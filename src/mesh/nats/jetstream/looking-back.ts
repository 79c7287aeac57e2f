import type { Clock } from "../../../core/clock.js";
import type { Random } from "../../../core/random.js";
import type { Connection } from "../connection.js";
import { JetStreamApi } from "./api.js";

/** How often is looked, in milliseconds; each process at times of its own. */
const LOOK_MS = 5_000;

export interface LookingBackOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: Random;
  /** The listener of a work queue, and the subject that it takes. */
  readonly listener: string;
  readonly subject: string;
  /** Its stream, while it is attached to one. */
  readonly stream: () => string | undefined;
}

/**
 * Looks now and then whether a work queue has items that its listener has passed over, and makes the listener anew then, which
 * is handed all that is not acknowledged.
 *
 * When servers of a cluster are killed, nats-server 2.9.10 now and then goes back to an earlier state of a stream and not of
 * its listeners (seen: 209 407 delivered of 209 219), or takes for acknowledged what is still there: nobody would ever be
 * handed these items.
 */
export class LookingBack {
  readonly #options: LookingBackOptions;
  #stopWaiting = () => {};
  #isOver = false;
  /** What was seen the last time: only what stays is wrong. */
  #seen: string | undefined;

  constructor(options: LookingBackOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, random } = this.#options;
    this.#stopWaiting = clock.after(LOOK_MS * (0.5 + random()), () => {
      // It may be away: then it is looked the next time.
      void this.look()
        .catch(() => {})
        .finally(() => {
          if (!this.#isOver) this.start();
        });
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#stopWaiting();
  }

  /** Looks once. */
  async look(): Promise<void> {
    const { connection, listener, stream: find } = this.#options;
    const stream = find();
    if (stream === undefined || connection.client === undefined) return;
    const api = await JetStreamApi.of(connection.client);
    const seen = await this.#findPassedOver(api, stream);
    const isStill = seen !== undefined && seen === this.#seen;
    this.#seen = isStill ? undefined : seen;
    if (isStill && !this.#isOver) await api.deleteListener(stream, listener);
  }

  /** What is wrong; the same as long as it is. */
  async #findPassedOver(api: JetStreamApi, stream: string): Promise<string | undefined> {
    const { listener, subject } = this.#options;
    const place = await api.findPlace(stream, listener);
    const facts = await api.findStream(stream);
    if (place === undefined || facts === undefined) return undefined;
    if (place.delivered > facts.lastSequence) return `ahead of ${stream}`;
    if (place.acknowledged === 0) return undefined;
    const first = await api.findMessage(stream, { seq: 1, next_by_subj: subject });
    return first && first.sequence <= place.acknowledged ? `${first.sequence}` : undefined;
  }
}

import type { Clock } from "../../../core/clock.js";
import { Queue } from "../../../core/queue.js";
import type { Connection } from "../connection.js";
import { JetStreamApi, type StreamFacts } from "./api.js";
import type { InletMessage } from "./inlet.js";

/** How often the stream is looked at while anything is remembered, in milliseconds. */
const LOOK_MS = 1_000;

/** How long what was stored is remembered, in milliseconds: servers choose a leader in a few seconds. */
const REMEMBERED_MS = 10_000;

/** What is remembered at most: some seconds of a busy cluster. */
const MOST_ITEMS = 65_536;
const MOST_BYTES = 67_108_864;

export interface RecentOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly stream: string;
  /** Stores a message once more, under the same id. */
  readonly again: (message: InletMessage) => Promise<void>;
}

/** Messages at a time that are stored once more: those that are new go on beside them. */
const MOST_AGAIN = 256;

interface Stored {
  readonly message: InletMessage;
  readonly atMs: number;
}

/**
 * Remembers for some seconds what a stream of several servers has said to be stored, and stores it once more when the stream
 * has another leader, or has gone back: nats-server 2.9 that loses a server without a word may go on with an earlier state. What
 * was not lost is known by its id.
 */
export class Recent {
  readonly #options: RecentOptions;
  readonly #stored = new Queue<Stored>();
  /** What is to be stored once more. */
  readonly #again = new Queue<InletMessage>();
  #onTheWay = 0;
  #bytes = 0;
  /** The highest number of all that is remembered. */
  #last = 0;
  #leader: string | undefined;
  #isClosed = false;
  #stopWaiting: (() => void) | undefined;

  constructor(options: RecentOptions) {
    this.#options = options;
  }

  /** A message was stored under this number. */
  add(message: InletMessage, sequence: number): void {
    this.#stored.push({ message, atMs: this.#options.clock.now() });
    this.#bytes += message.data.length;
    this.#last = Math.max(this.#last, sequence);
    while (this.#stored.length > MOST_ITEMS || this.#bytes > MOST_BYTES) this.#forgetFirst();
    this.#lookLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWaiting?.();
    this.#stored.clear();
    this.#again.clear();
  }

  #lookLater(): void {
    if (this.#isClosed || this.#stopWaiting !== undefined || this.#stored.length === 0) return;
    this.#stopWaiting = this.#options.clock.after(LOOK_MS, () => {
      // It may be away: nothing is forgotten until it is back.
      void this.#look()
        .catch(() => {})
        .finally(() => {
          this.#stopWaiting = undefined;
          this.#lookLater();
        });
    });
  }

  async #look(): Promise<void> {
    const { connection, clock, stream } = this.#options;
    if (connection.client === undefined) return;
    const startMs = clock.now();
    const api = await JetStreamApi.of(connection.client);
    const facts = await api.findStream(stream);
    if (facts?.leader === undefined || this.#isClosed) return;
    if (this.#hasGoneBack(facts)) this.#storeAgain();
    else this.#forgetBefore(startMs - REMEMBERED_MS);
    this.#leader = facts.leader;
  }

  #hasGoneBack({ leader, lastSequence }: StreamFacts): boolean {
    if (this.#leader !== undefined && leader !== this.#leader) return true;
    return lastSequence < this.#last;
  }

  #storeAgain(): void {
    this.#bytes = 0;
    this.#last = 0;
    for (const { message } of this.#stored.drain()) this.#again.push(message);
    this.#goOn();
  }

  #goOn(): void {
    while (this.#onTheWay < MOST_AGAIN) {
      const message = this.#again.shift();
      if (message === undefined) return;
      this.#onTheWay++;
      const arrived = () => {
        this.#onTheWay--;
        this.#goOn();
      };
      this.#options.again(message).then(arrived, arrived);
    }
  }

  #forgetBefore(atMs: number): void {
    for (let first = this.#stored.first; first && first.atMs < atMs; first = this.#stored.first)
      this.#forgetFirst();
  }

  #forgetFirst(): void {
    this.#bytes -= this.#stored.shift()?.message.data.length ?? 0;
  }
}

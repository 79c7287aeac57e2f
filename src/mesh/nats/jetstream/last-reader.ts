import type { Msg, NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import type { CircuitError } from "../../../core/error.js";
import { Attachment } from "../attachment.js";
import type { Connection } from "../connection.js";
import { FOR_HEADER } from "../event-wire.js";
import { JetStreamApi } from "./api.js";
import type { KeptMessage } from "./kept-message.js";
import { read } from "./reader.js";
import { holdStream } from "./streams.js";

export interface LastReaderOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly pattern: string;
  readonly take: (message: Msg) => void;
  readonly failed: (problem: CircuitError) => void;
}

/**
 * Reads the last message of each subject of a pattern, and then every one, in order and without a gap between: both come
 * from the stream. After a break it goes on behind the one that it took last, so that what was published meanwhile comes
 * late and not never.
 */
export class LastReader {
  readonly #options: LastReaderOptions;
  readonly #attachment: Attachment;
  /** Number of the message that was taken last; of the stream's last, where there was none to take. */
  #taken = 0;
  /** How many last values there are, once that is known, and how many messages have come of this reader. */
  #count: number | undefined;
  #come = 0;
  /** Which stream the numbers are of. */
  #stream = "";

  constructor(options: LastReaderOptions) {
    this.#options = options;
    const { connection, clock, failed } = options;
    this.#attachment = new Attachment({
      connection,
      clock,
      attach: async (client, life) => this.#attach(await JetStreamApi.of(client), client, life),
      failed,
    });
  }

  /** Resolves when it listens, or cannot. */
  get settled(): Promise<void> {
    return this.#attachment.settled;
  }

  start(): void {
    this.#attachment.start();
  }

  /** Idempotent. */
  close(): void {
    this.#attachment.close();
  }

  async #attach(api: JetStreamApi, client: NatsConnection, life: AbortSignal): Promise<void> {
    const { clock, pattern } = this.#options;
    const lost = (why?: unknown) => this.#attachment.again(why);
    const { name, created, lastSequence } = await holdStream(api, { clock, pattern, life, lost });
    const stream = `${name} ${created}`;
    // All that is in a stream that was made meanwhile is new.
    if (this.#stream !== "" && this.#stream !== stream) this.#taken = 0;
    this.#stream = stream;
    const isGoingOn = this.#count !== undefined && this.#come >= this.#count;
    if (!isGoingOn) {
      this.#count = undefined;
      this.#come = 0;
    }
    const count = await read({
      client,
      api,
      clock,
      stream: name,
      pattern,
      from: isGoingOn ? this.#taken + 1 : undefined,
      take: (kept) => this.#take(kept),
      lost,
      life,
    });
    if (isGoingOn) return;
    this.#count = count;
    if (count === 0 && this.#come === 0) this.#taken = lastSequence;
  }

  #take(kept: KeptMessage): void {
    this.#come++;
    const isLast = this.#count === undefined || this.#come <= this.#count;
    // Where not all of the last values had come, they come anew, in the order of their numbers.
    if (kept.sequence <= this.#taken) return;
    this.#taken = kept.sequence;
    // One that was handed back to a durable listener is left out here, unless its subject has no other.
    if (isLast) kept.message.headers?.delete(FOR_HEADER);
    this.#options.take(kept.message);
  }
}

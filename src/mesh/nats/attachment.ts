import type { NatsConnection } from "@nats-io/transport-node";
import { backoff } from "../../core/backoff.js";
import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { Connection } from "./connection.js";

export interface AttachmentOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /**
   * Sets up on the server what is to be there; what throws is tried again after a while.
   *
   * @param life Aborts when the connection breaks, or all of this ends.
   */
  readonly attach: (client: NatsConnection, life: AbortSignal) => Promise<void>;
  /** Told once of each problem in a row that trying again will hardly end. */
  readonly failed: (problem: CircuitError) => void;
}

/** Waits between tries, in milliseconds: a server that has come back needs a moment, one without room somebody's hand. */
const TRIES = { firstMs: 50, longestMs: 5_000 };

/** Something of the server's that is set up anew whenever it was lost. */
export class Attachment {
  readonly #options: AttachmentOptions;
  #life: AbortController | undefined;
  #stopListening = () => {};
  #isClosed = false;
  #told: string | undefined;
  /** Resolves when it is attached, or has failed, for the first time. */
  readonly settled: Promise<void>;
  #settle = () => {};

  constructor(options: AttachmentOptions) {
    this.#options = options;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Attaches as soon as there is a server. */
  start(): void {
    const { connection } = this.#options;
    this.#stopListening = connection.listen({
      up: (client) => this.#begin(client),
      down: (problem) => {
        this.#life?.abort();
        if (problem.code === "ACCESS_DENIED") this.#fail(problem);
      },
    });
    connection.start();
    if (connection.client) this.#begin(connection.client);
  }

  /** What was set up is gone: sets it up anew. */
  again(): void {
    const { client } = this.#options.connection;
    this.#life?.abort();
    if (client) this.#begin(client);
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#life?.abort();
    this.#settle();
  }

  #begin(client: NatsConnection): void {
    if (this.#isClosed) return;
    this.#life?.abort();
    this.#life = new AbortController();
    void this.#attach(client, this.#life.signal);
  }

  async #attach(client: NatsConnection, life: AbortSignal): Promise<void> {
    const { attach, clock } = this.#options;
    for (const waitMs of backoff(TRIES)) {
      try {
        await attach(client, life);
        this.#told = undefined;
        this.#settle();
        return;
      } catch (problem) {
        if (!life.aborted && problem instanceof CircuitError) this.#fail(problem);
      }
      await clock.sleep(waitMs, life).catch(() => {});
      if (life.aborted) return;
    }
  }

  #fail(problem: CircuitError): void {
    if (this.#told !== problem.message) this.#options.failed(problem);
    this.#told = problem.message;
    this.#settle();
  }
}

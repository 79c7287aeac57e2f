import type { NatsConnection } from "@nats-io/transport-node";
import { backoff } from "../../core/backoff.js";
import type { Clock } from "../../core/clock.js";
import type { CircuitError } from "../../core/error.js";
import { type Connection, isFinal } from "./connection.js";
import { problemOf } from "./jetstream/problem.js";
import { TryAgain } from "./try-again.js";

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

/** What has lasted so long, in milliseconds, is set up anew without a long wait when it is lost. */
const LASTING_MS = 10_000;

/** Something of the server's that is set up anew whenever it was lost. */
export class Attachment {
  readonly #options: AttachmentOptions;
  #life: AbortController | undefined;
  #stopListening = () => {};
  #isClosed = false;
  #told: string | undefined;
  #waits = backoff(TRIES);
  /** When it was set up; never, while it is not. */
  #attachedAtMs = Number.POSITIVE_INFINITY;
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
      up: (client) => {
        this.#waits = backoff(TRIES);
        this.#begin(client);
      },
      down: (problem) => {
        this.#lose();
        if (isFinal(problem)) this.#fail(problem);
      },
    });
    connection.start();
    if (connection.client) this.#begin(connection.client);
  }

  /**
   * What was set up is gone: sets it up anew after a moment, longer where it goes again and again.
   *
   * @param why What the client said of it, where it did.
   */
  again(why?: unknown): void {
    if (this.#isClosed) return;
    this.#lose();
    if (why !== undefined) this.#tell(why);
    const { client } = this.#options.connection;
    if (client) this.#begin(client, this.#waits.next().value);
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#life?.abort();
    this.#settle();
  }

  #lose(): void {
    this.#life?.abort();
    const hasLasted = this.#options.clock.now() - this.#attachedAtMs > LASTING_MS;
    this.#attachedAtMs = Number.POSITIVE_INFINITY;
    if (!hasLasted) return;
    this.#waits = backoff(TRIES);
    this.#told = undefined;
  }

  #begin(client: NatsConnection, firstWaitMs = 0): void {
    if (this.#isClosed) return;
    this.#life?.abort();
    this.#life = new AbortController();
    void this.#attach(client, this.#life.signal, firstWaitMs);
  }

  async #attach(client: NatsConnection, life: AbortSignal, firstWaitMs: number): Promise<void> {
    const { attach, clock } = this.#options;
    for (let waitMs = firstWaitMs; ; waitMs = this.#waits.next().value) {
      if (waitMs > 0) await clock.sleep(waitMs, life).catch(() => {});
      if (life.aborted) return;
      try {
        await attach(client, life);
        this.#attachedAtMs = clock.now();
        this.#settle();
        return;
      } catch (thrown) {
        if (!life.aborted) this.#tell(thrown);
      }
    }
  }

  /** Tells of what trying again will hardly end. */
  #tell(thrown: unknown): void {
    const problem = problemOf("listen", thrown);
    if (!(problem instanceof TryAgain)) this.#fail(problem);
  }

  #fail(problem: CircuitError): void {
    if (this.#told !== problem.message) this.#options.failed(problem);
    this.#told = problem.message;
    this.#settle();
  }
}

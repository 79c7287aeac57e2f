import { createInbox, type Msg, type NatsConnection, type Subscription } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type { Connection } from "../connection.js";
import { TryAgain } from "../try-again.js";
import { problemOf } from "./problem.js";
import { Recent } from "./recent.js";
import { answerOf } from "./stored-answer.js";
import { WrittenHeaders } from "./written-headers.js";

/** Time that the server may take to store a message, in milliseconds; a cluster chooses a leader in a few seconds. */
const ANSWER_MS = 3_000;

/** Wait before what was refused for now is sent again, in milliseconds: a stream that is full, or has no leader. */
const REFUSED_MS = 250;

/**
 * When nobody takes messages for so long, in milliseconds, no leader is being chosen any more: nats-server 2.9.10 whose
 * neighbours were killed was seen to lead a stream and not to listen to its subjects, until it is led by another. Each process at
 * a time of its own, up to twice as long.
 */
const NOBODY_MS = 8_000;

/** How often what has no answer is looked at, in milliseconds. */
const LOOK_MS = 250;

export interface InletOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Of several servers: what it has stored is remembered for a while, and stored once more where it may have been lost. */
  readonly recentOf?: string | undefined;
  /** Nobody has taken messages for long, although the stream is there: lets its servers choose another leader. */
  readonly unseat?: (() => Promise<void>) | undefined;
  /** Nobody takes the messages: makes the stream anew, where it is gone. */
  readonly mend: () => Promise<void>;
}

/** What is to be stored. */
export interface InletMessage {
  readonly subject: string;
  readonly data: string | Uint8Array;
  /** As `writeHeaders()` gives them. */
  readonly headers: Uint8Array;
  /** Whether it may still be sent, asked each time that it would be sent again. */
  readonly isAllowed: (() => boolean) | undefined;
  /** What is said instead of the headers where it was stored before, and may have been lost since. */
  readonly headersAgain?: (() => Uint8Array) | undefined;
}

/** A message that is not stored yet. */
interface Sent extends InletMessage {
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
  /** When it is to be sent again unless there is an answer. */
  dueMs: number;
}

/**
 * Publishes to JetStream, many messages before the first answer: one subscription hears all answers, and what has none is
 * sent again, under the same id, after a while or when the server is back.
 */
export class Inlet {
  readonly #options: InletOptions;
  /** By their numbers, in the order in which they came. */
  readonly #sent = new Map<number, Sent>();
  readonly #headers = new WrittenHeaders();
  readonly #recent: Recent | undefined;
  readonly #stopListening: () => void;
  #number = 0;
  #inbox = "";
  #subscription: Subscription | undefined;
  #client: NatsConnection | undefined;
  #isMending = false;
  /** Since when nobody takes messages. */
  #nobodySinceMs: number | undefined;
  #isClosed = false;
  #stopLooking: (() => void) | undefined;

  constructor(options: InletOptions) {
    this.#options = options;
    const { connection, clock, recentOf: stream } = options;
    if (stream !== undefined)
      this.#recent = new Recent({ connection, clock, stream, again: (message) => this.#putAgain(message) });
    this.#stopListening = connection.listen({
      up: (client, isNew) => {
        if (isNew || this.#client === undefined) this.#attach(client);
        this.#sendAll();
      },
      closed: () => this.close(),
    });
    if (connection.client) this.#attach(connection.client);
  }

  /** Resolves when it is stored. */
  put(message: InletMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(closed());
        return;
      }
      const number = ++this.#number;
      const sent: Sent = { ...message, resolve, reject, dueMs: 0 };
      this.#sent.set(number, sent);
      this.#send(number, sent);
      this.#look();
    });
  }

  /** What is not stored by now rejects with `PEER_LOST`. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    this.#stopLooking?.();
    this.#recent?.close();
    this.#subscription?.unsubscribe();
    const lost = [...this.#sent.values()];
    this.#sent.clear();
    for (const { reject } of lost) reject(closed());
  }

  /** Nobody waits for it, and it goes whoever may send by now: it was stored in time. */
  #putAgain(message: InletMessage): Promise<void> {
    const headers = message.headersAgain?.() ?? message.headers;
    return this.put({ ...message, headers, headersAgain: undefined, isAllowed: undefined });
  }

  #attach(client: NatsConnection): void {
    this.#client = client;
    this.#inbox = createInbox();
    this.#subscription = client.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (!error) this.#hear(message);
      },
    });
  }

  #sendAll(): void {
    for (const [number, sent] of this.#sent) this.#sendAgain(number, sent);
  }

  #sendAgain(number: number, sent: Sent): void {
    if (sent.isAllowed?.() !== false) {
      this.#send(number, sent);
      return;
    }
    this.#sent.delete(number);
    sent.reject(
      new CircuitError("PEER_LOST", "Cannot tell whether an item is stored: it may not be sent any more"),
    );
  }

  #send(number: number, sent: Sent): void {
    const { connection, clock } = this.#options;
    sent.dueMs = clock.now() + ANSWER_MS;
    // Without a server it is sent when there is one.
    if (connection.client === undefined || connection.client !== this.#client) return;
    const { subject, data, headers } = sent;
    try {
      const options = { headers: this.#headers.of(headers), reply: `${this.#inbox}.${number}` };
      this.#client.publish(subject, data, options);
    } catch (thrown) {
      this.#fail(number, sent, thrown);
    }
  }

  #hear(message: Msg): void {
    const number = Number(message.subject.slice(this.#inbox.length + 1));
    const sent = this.#sent.get(number);
    if (sent === undefined) return;
    if (message.headers?.code === 503) {
      this.#later(sent);
      this.#nobody();
      return;
    }
    const answer = answerOf(message);
    if (typeof answer === "number") {
      this.#nobodySinceMs = undefined;
      this.#sent.delete(number);
      this.#recent?.add(sent, answer);
      sent.resolve();
    } else if (answer !== undefined) this.#fail(number, sent, answer);
  }

  #fail(number: number, sent: Sent, thrown: unknown): void {
    const problem = problemOf(`store an item of ${sent.subject}`, thrown);
    if (problem instanceof TryAgain) {
      this.#later(sent);
      return;
    }
    this.#sent.delete(number);
    sent.reject(problem);
  }

  #later(sent: Sent): void {
    sent.dueMs = this.#options.clock.now() + REFUSED_MS;
  }

  /** Sends again what is due, as long as there is any. */
  #look(): void {
    if (this.#stopLooking !== undefined || this.#sent.size === 0 || this.#isClosed) return;
    this.#stopLooking = this.#options.clock.after(LOOK_MS, () => {
      this.#stopLooking = undefined;
      const nowMs = this.#options.clock.now();
      for (const [number, sent] of this.#sent) if (sent.dueMs <= nowMs) this.#sendAgain(number, sent);
      this.#look();
    });
  }

  #nobody(): void {
    if (this.#isMending) return;
    const { clock, mend, unseat } = this.#options;
    this.#nobodySinceMs ??= clock.now() + NOBODY_MS * Math.random();
    const isLong = unseat !== undefined && clock.now() - this.#nobodySinceMs > NOBODY_MS;
    if (isLong) this.#nobodySinceMs = undefined;
    this.#isMending = true;
    (isLong ? unseat() : mend())
      .catch(() => {}) // what is due is sent again, and answered as before
      .finally(() => {
        this.#isMending = false;
      });
  }
}

function closed(): CircuitError {
  return new CircuitError("PEER_LOST", "Cannot tell whether an item is stored: its queue is closed");
}

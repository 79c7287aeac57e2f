import type { Msg, NatsConnection, Subscription as NatsSubscription } from "@nats-io/transport-node";
import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { EventHandler, MeshEvent, PublishOptions, SubscribeOptions, Subscription } from "../event.js";
import { checkHeaders } from "../event-headers.js";
import { EventTally } from "../event-tally.js";
import type { MeshLimits } from "../limits.js";
import { LocalSubscription } from "../local-subscription.js";
import { checkListenerName } from "../names.js";
import { checkPayload, type Payload } from "../payload.js";
import { checkPattern, checkSubject, hasWildcard, isReserved } from "../subject.js";
import type { Connection } from "./connection.js";
import { decodeData, decodeHeaders, encodeData, encodeHeaders, FOR_HEADER } from "./event-wire.js";
import { LastReader } from "./jetstream/last-reader.js";

export interface NatsEventsOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly limits: MeshLimits;
}

/**
 * Events that are NATS's own: a subject is the subject, a text its UTF-8, so that any client can publish and listen.
 * While the server is away nothing is heard, and what is published is lost.
 */
export class NatsEvents {
  readonly tally = new EventTally();
  readonly #options: NatsEventsOptions;
  readonly #subscriptions = new Map<LocalSubscription, NatsSubscription | undefined>();
  readonly #queues = new Map<LocalSubscription, string>();
  /** What listens by way of a stream instead. */
  readonly #readers = new Map<LocalSubscription, LastReader>();
  readonly #stopListening: () => void;
  /** Bytes that were published since the server was known to have taken all. */
  #unflushedBytes = 0;
  /** What it waits for until more is known to have been taken. */
  #flushing: Promise<void> | undefined;
  /** When what is being delivered came. */
  #nowMs: number | undefined;

  constructor(options: NatsEventsOptions) {
    this.#options = options;
    this.#stopListening = options.connection.listen({
      up: (client, isNew) => {
        this.#unflushedBytes = 0;
        this.#flushing = undefined;
        if (!isNew) return; // it knows what was subscribed
        for (const subscription of this.#subscriptions.keys()) this.#listen(subscription, client);
      },
    });
  }

  /** See `Mesh`, also for those that follow. */
  publish(subject: string, data: Payload, options?: PublishOptions): number | undefined {
    checkSubject(subject);
    return this.publishOwn(subject, data, options);
  }

  publishOwn(subject: string, data: Payload, { headers }: PublishOptions = {}): number | undefined {
    checkPayload(data, this.#options.limits);
    if (headers) checkHeaders(headers);
    this.tally.published++;
    const { connection, limits } = this.#options;
    const { client } = connection;
    // Twice what a link may leave unsent: half of it is on its way while the server takes the other.
    if (client === undefined || this.#unflushedBytes >= 2 * limits.unsentBytes) {
      this.tally.dropped++;
      connection.start();
      return 0;
    }
    const payload = encodeData(data);
    const wire = encodeHeaders(headers, data);
    try {
      client.publish(subject, payload, wire && { headers: wire });
    } catch (cause) {
      if (client.isClosed() || client.isDraining()) return 0;
      throw new CircuitError("MESSAGE_INVALID", `Cannot publish to ${subject}: NATS does not take it`, {
        cause,
      });
    }
    this.#unflushedBytes += Buffer.byteLength(payload);
    if (this.#flushing === undefined && this.#unflushedBytes >= limits.unsentBytes) this.#flush(client);
    return undefined;
  }

  subscribe(pattern: string, handler: EventHandler, options: SubscribeOptions = {}): Subscription {
    checkPattern(pattern);
    checkOptions(pattern, options);
    options.signal?.throwIfAborted();
    if (options.last) return this.#read(pattern, handler, options);
    const { connection } = this.#options;
    const subscription = new LocalSubscription(pattern, handler, options, (closed) => {
      const onServer = this.#subscriptions.get(closed);
      this.#subscriptions.delete(closed);
      this.#queues.delete(closed);
      if (onServer && !onServer.isClosed()) onServer.unsubscribe();
    });
    if (options.queue !== undefined) this.#queues.set(subscription, options.queue);
    this.#subscriptions.set(subscription, undefined);
    connection.start();
    if (connection.client) this.#listen(subscription, connection.client);
    return subscription;
  }

  /** Resolves when the server has read all that was said so far. */
  async join(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader.settled));
    await this.#options.connection.client?.flush().catch(() => {});
  }

  /** Idempotent. */
  close(): void {
    this.#stopListening();
    for (const subscription of [...this.#subscriptions.keys(), ...this.#readers.keys()]) subscription.close();
  }

  /** Listens by way of a stream, which has the last values. */
  #read(pattern: string, handler: EventHandler, options: SubscribeOptions): Subscription {
    const { connection, clock } = this.#options;
    const subscription = new LocalSubscription(pattern, handler, options, (closed) => {
      this.#readers.get(closed)?.close();
      this.#readers.delete(closed);
    });
    const reader = new LastReader({
      connection,
      clock,
      pattern,
      take: (message) => this.#deliver(subscription, message, message.subject),
      failed: (problem) => subscription.fail(problem),
    });
    this.#readers.set(subscription, reader);
    reader.start();
    return subscription;
  }

  #listen(subscription: LocalSubscription, client: NatsConnection): void {
    const { pattern } = subscription;
    const queue = this.#queues.get(subscription);
    // Reading the subject of each message costs as much as the rest.
    const subject = hasWildcard(pattern) ? undefined : pattern;
    const onServer = client.subscribe(pattern, {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        if (error) subscription.fail(denied(pattern, error));
        else this.#deliver(subscription, message, subject ?? message.subject);
      },
    });
    this.#subscriptions.set(subscription, onServer);
  }

  #deliver(subscription: LocalSubscription, message: Msg, subject: string): void {
    // The server's ">" takes in what is the mesh's and the server's own.
    if (/^[*>]/.test(subscription.pattern) && isReserved(subject)) return;
    const { headers, data } = message;
    // A dead event that comes back to a durable listener was heard here when it was published.
    if (headers?.has(FOR_HEADER)) return;
    this.tally.received++;
    const event: MeshEvent = {
      subject,
      data: decodeData(data, headers),
      headers: decodeHeaders(headers),
      from: undefined,
      at: this.#now(),
    };
    subscription.deliver(event);
  }

  /** The time, looked up once for all that has come together. */
  #now(): number {
    if (this.#nowMs === undefined) {
      this.#nowMs = this.#options.clock.now();
      queueMicrotask(this.#timeGoesOn);
    }
    return this.#nowMs;
  }

  readonly #timeGoesOn = (): void => {
    this.#nowMs = undefined;
  };

  /** A pong comes after what was published before the ping. */
  #flush(client: NatsConnection): void {
    const before = this.#unflushedBytes;
    const flushing = client.flush();
    this.#flushing = flushing;
    flushing.then(
      () => {
        if (this.#flushing !== flushing) return;
        this.#flushing = undefined;
        this.#unflushedBytes -= before;
      },
      () => {}, // with the connection, which begins anew
    );
  }
}

function checkOptions(pattern: string, { queue, last }: SubscribeOptions): void {
  if (queue === undefined) return;
  checkListenerName("queue", queue);
  if (!last) return;
  throw new CircuitError(
    "MESSAGE_INVALID",
    `Cannot listen to ${pattern} in the queue ${queue}: last values are for each listener`,
    { hint: "Leave out queue or last." },
  );
}

function denied(pattern: string, cause: Error): CircuitError {
  return new CircuitError("ACCESS_DENIED", `Cannot listen to ${pattern} on NATS: ${cause.message}`, {
    hint: "Let the server's permissions allow it, or use other credentials.",
    cause,
  });
}

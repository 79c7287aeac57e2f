import {
  type Msg,
  type MsgHdrs,
  headers as makeHeaders,
  type NatsConnection,
  type Subscription as NatsSubscription,
} from "@nats-io/transport-node";
import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type {
  EventHandler,
  EventHeaders,
  MeshEvent,
  PublishOptions,
  SubscribeOptions,
  Subscription,
} from "../event.js";
import { EventTally } from "../events/event-tally.js";
import { checkHeaders, NO_HEADERS } from "../events/headers.js";
import { LocalSubscription } from "../events/local-subscription.js";
import type { MeshLimits } from "../limits.js";
import { checkPayload, isTooDeep, jsonOf, type Payload } from "../payload.js";
import { checkPattern, checkSubject, matches } from "../subject.js";
import type { Connection } from "./connection.js";

/**
 * Says what the bytes of an event are, where they are not a text: `json` or `bytes`. Without it, from whatever client,
 * they are a text where they are UTF-8, and bytes where they are not.
 */
const TYPE_HEADER = "Circuit-Type";

/** Strict: what is no UTF-8 is bytes. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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
  readonly #stopListening: () => void;
  /** Bytes that were published since the server was known to have taken all. */
  #unflushedBytes = 0;
  /** What it waits for until more is known to have been taken. */
  #flushing: Promise<void> | undefined;

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

  publishOwn(
    subject: string,
    data: Payload,
    { headers = NO_HEADERS }: PublishOptions = {},
  ): number | undefined {
    checkPayload(data, this.#options.limits);
    checkHeaders(headers);
    this.tally.published++;
    const { connection, limits } = this.#options;
    const { client } = connection;
    // Twice what a link may leave unsent: half of it is on its way while the server takes the other.
    if (client === undefined || this.#unflushedBytes >= 2 * limits.unsentBytes) {
      this.tally.dropped++;
      connection.start();
      return 0;
    }
    const payload = encode(data);
    const wire = encodeHeaders(headers, typeOf(data));
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
    options.signal?.throwIfAborted();
    const { connection } = this.#options;
    const subscription = new LocalSubscription(pattern, handler, options, (closed) => {
      const onServer = this.#subscriptions.get(closed);
      this.#subscriptions.delete(closed);
      if (onServer && !onServer.isClosed()) onServer.unsubscribe();
    });
    this.#subscriptions.set(subscription, undefined);
    connection.start();
    if (connection.client) this.#listen(subscription, connection.client);
    return subscription;
  }

  /** Resolves when the server has read all that was said so far. */
  async join(): Promise<void> {
    await this.#options.connection.client?.flush().catch(() => {});
  }

  /** Idempotent. */
  close(): void {
    this.#stopListening();
    for (const subscription of [...this.#subscriptions.keys()]) subscription.close();
  }

  #listen(subscription: LocalSubscription, client: NatsConnection): void {
    const { pattern } = subscription;
    const onServer = client.subscribe(pattern, {
      callback: (error, message) => {
        if (error) subscription.fail(denied(pattern, error));
        // The server's ">" takes in what is the mesh's and the server's own.
        else if (matches(pattern, message.subject)) this.#deliver(subscription, message);
      },
    });
    this.#subscriptions.set(subscription, onServer);
  }

  #deliver(subscription: LocalSubscription, message: Msg): void {
    this.tally.received++;
    const event: MeshEvent = {
      subject: message.subject,
      data: decode(message),
      headers: decodeHeaders(message.headers),
      from: undefined,
      at: this.#options.clock.now(),
    };
    subscription.deliver(event);
  }

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

function typeOf(data: Payload): "json" | "bytes" | undefined {
  if (typeof data === "string") return undefined;
  return data instanceof Uint8Array ? "bytes" : "json";
}

function encode(data: Payload): string | Uint8Array {
  // A copy: the client sends later.
  if (data instanceof Uint8Array) return new Uint8Array(data);
  return typeof data === "string" ? data : jsonOf(data);
}

function encodeHeaders(headers: EventHeaders, type: string | undefined): MsgHdrs | undefined {
  const entries = Object.entries(headers);
  if (entries.length === 0 && type === undefined) return undefined;
  const wire = makeHeaders();
  for (const [name, value] of entries) wire.set(name, value);
  if (type !== undefined) wire.set(TYPE_HEADER, type);
  return wire;
}

/** The data of a message; of a foreign client's, which may say anything of it, the text or the bytes. */
function decode({ data, headers }: Msg): Payload {
  const type = headers?.get(TYPE_HEADER) ?? "";
  if (type === "bytes") return new Uint8Array(data);
  let text: string;
  try {
    text = UTF8.decode(data);
  } catch {
    return new Uint8Array(data);
  }
  if (type !== "json" || isTooDeep(text)) return text;
  try {
    // The cast: what JSON.parse() gives is Json, or a text, which is a payload too.
    return JSON.parse(text) as Payload;
  } catch {
    return text;
  }
}

function decodeHeaders(wire: MsgHdrs | undefined): EventHeaders {
  if (wire === undefined) return NO_HEADERS;
  const names = wire.keys().filter((name) => name !== TYPE_HEADER);
  return Object.fromEntries(names.map((name) => [name, wire.get(name)]));
}

function denied(pattern: string, cause: Error): CircuitError {
  return new CircuitError("ACCESS_DENIED", `Cannot listen to ${pattern} on NATS: ${cause.message}`, {
    hint: "Let the server's permissions allow it, or use other credentials.",
    cause,
  });
}

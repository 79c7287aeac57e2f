import type { ConsumeOptions, Consumer, DurableEvent, Keeping } from "./durable.js";
import type { EventHeaders } from "./event.js";
import type { Payload } from "./payload.js";

/** Which stream keeps the items of several queues. */
export interface WorkStream {
  readonly name: string;
  /** Every subject of it. */
  readonly pattern: string;
  /** `maxBytes` of it, and `replicas`; who comes later can ask for more replicas only. */
  readonly keeping?: Pick<Keeping, "maxBytes" | "replicas">;
}

export interface WorkItem {
  readonly subject: string;
  /** What has one id is stored once in two minutes. */
  readonly id: string;
  readonly data: Payload;
  readonly headers: EventHeaders;
  /** Whether it may still be sent, asked each time that it would be sent again; without it, it always may. */
  readonly isAllowed?: (() => boolean) | undefined;
  /** The headers where it was stored before, may have been lost since, and is stored once more. */
  readonly headersAgain?: (() => EventHeaders) | undefined;
}

/** Where items are put into a stream: many at a time. */
export interface WorkInlet {
  /**
   * Stores an item; tries anew, under the same id, while the server is away or the stream is full.
   *
   * @throws {CircuitError} `MESSAGE_INVALID` at once, for what cannot be stored. Rejects with `EVENT_UNKEPT` or
   *   `ACCESS_DENIED` where trying again would not help, and with `PEER_LOST` when it is closed or
   *   the item may not be sent any more: then nobody knows whether it was stored.
   */
  put(item: WorkItem): Promise<void>;

  /** Idempotent. */
  close(): void;
}

/** What listeners of a work queue may say; the rest is as queues want it. */
export type WorkOptions = Pick<
  ConsumeOptions,
  "name" | "concurrency" | "deliveries" | "keeping" | "onError" | "onDead"
>;

/** Queues of items that go when they have been handled, each by one of those who take from it. */
export interface WorkQueues {
  /**
   * Makes the stream where there is none.
   *
   * @throws {CircuitError} `EVENT_UNKEPT` where there is no storage, no room, or a stream of that name or pattern that is no
   *   work queue; `ACCESS_DENIED`; `PEER_MISSING`.
   */
  open(stream: WorkStream): Promise<void>;

  inlet(stream: WorkStream): WorkInlet;

  /** Takes the items of one subject, as `DurableEvents.consume()` does. One listener has each subject. */
  take(
    stream: WorkStream,
    subject: string,
    handler: (event: DurableEvent) => unknown,
    options: WorkOptions,
  ): Promise<Consumer>;
}

export interface BucketOptions {
  /** Keys vanish so long after they were written, in milliseconds; 0, by default, is never. */
  readonly ttlMs?: number;
  /** Servers of a cluster that keep each key; 1 by default. */
  readonly replicas?: number;
}

/**
 * A bucket of keys, of which whatever is written has a revision, higher than all before it. Everything rejects while the
 * server is away, also after it has been done.
 */
export interface KeptKeys {
  /** Writes a key that is not there. `undefined` where it is there. */
  create(key: string, value: string): Promise<number | undefined>;
  /** Writes a key whose revision is this one. `undefined` where it has another, or is gone. */
  update(key: string, value: string, revision: number): Promise<number | undefined>;
  find(key: string): Promise<{ readonly value: string; readonly revision: number } | undefined>;
  /** Takes a key away whose revision is this one. */
  remove(key: string, revision: number): Promise<void>;
}

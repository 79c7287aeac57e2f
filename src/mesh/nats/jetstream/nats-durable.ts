import { nuid } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type {
  ConsumeOptions,
  Consumer,
  DeadEvent,
  DurableEvents,
  DurablePublishOptions,
  StoredAt,
  StreamReport,
} from "../../durable.js";
import { checkHeaders, NO_HEADERS } from "../../event-headers.js";
import type { EventTally } from "../../event-tally.js";
import type { MeshLimits } from "../../limits.js";
import { checkListenerName } from "../../names.js";
import { checkPayload, type Payload } from "../../payload.js";
import { meshClosed } from "../../sender.js";
import { checkPattern, checkSubject } from "../../subject.js";
import type { Connection } from "../connection.js";
import { encodeData, encodeHeaders } from "../event-wire.js";
import { persist } from "../persist.js";
import { TryAgain } from "../try-again.js";
import { JetStreamApi } from "./api.js";
import { readDead } from "./dead-reader.js";
import { DurableConsumer } from "./durable-consumer.js";
import { revive } from "./revive.js";
import type { DurableHandler } from "./runs.js";
import { OWN_STREAMS } from "./streams.js";

/** Longest id of an event, in bytes: the server keeps each of two minutes in memory. */
const MOST_ID_BYTES = 255;

export interface NatsDurableOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly tally: EventTally;
  /** Waits for the server, and rejects when it is not there in time. */
  readonly untilUp: () => Promise<void>;
}

/** Events that JetStream keeps. See `DurableEvents`. */
export class NatsDurable implements DurableEvents {
  readonly #options: NatsDurableOptions;
  readonly #consumers = new Set<DurableConsumer>();
  #isClosed = false;

  constructor(options: NatsDurableOptions) {
    this.#options = options;
  }

  async publish(
    subject: string,
    data: Payload,
    { headers = NO_HEADERS, id = nuid.next(), signal }: DurablePublishOptions = {},
  ): Promise<StoredAt> {
    checkSubject(subject);
    const { limits, tally } = this.#options;
    checkPayload(data, limits);
    checkHeaders(headers);
    checkId(id);
    const payload = encodeData(data);
    const wire = encodeHeaders(headers, data);
    tally.published++;
    return this.#ask(async (api) => {
      const stored = await api.publish(subject, payload, id, wire);
      if (stored) return stored;
      if ((await api.streamsWith(subject)).length > 0)
        throw new TryAgain(`the stream of ${subject} does not answer`);
      throw new CircuitError("EVENT_UNKEPT", `Cannot publish to ${subject}: no stream keeps it`, {
        hint: "Let a durable listener ask for it first.",
      });
    }, signal);
  }

  async consume(pattern: string, handler: DurableHandler, options: ConsumeOptions): Promise<Consumer> {
    checkPattern(pattern);
    checkListenerName("listener", options.name);
    checkCounts(options);
    options.signal?.throwIfAborted();
    if (this.#isClosed) throw meshClosed(`listen to ${pattern}`);
    const { connection, clock, tally, untilUp } = this.#options;
    await untilUp();
    const consumer = new DurableConsumer({
      connection,
      clock,
      pattern,
      handler,
      options,
      heard: () => tally.received++,
      closed: (closed) => this.#consumers.delete(closed),
    });
    this.#consumers.add(consumer);
    await consumer.start();
    return consumer;
  }

  async forget(name: string): Promise<boolean> {
    checkListenerName("listener", name);
    return this.#ask(async (api) => {
      let isForgotten = false;
      for (const { name: stream, consumers } of await api.report(OWN_STREAMS)) {
        if (!consumers.some((consumer) => consumer.name === name)) continue;
        if (await api.deleteListener(stream, name)) isForgotten = true;
      }
      return isForgotten;
    });
  }

  async *dead(
    options: { readonly follow?: boolean; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<DeadEvent> {
    const { connection, clock, untilUp } = this.#options;
    await untilUp();
    yield* readDead(connection, clock, options);
  }

  again(number: number): Promise<boolean> {
    return this.#ask((api) => revive(api, number, this.#options.clock));
  }

  report(): Promise<readonly StreamReport[]> {
    return this.#ask((api) => api.report(OWN_STREAMS));
  }

  /** Lets handlers that run finish in the time that closing may take. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const { closeMs } = this.#options.limits;
    await Promise.all([...this.#consumers].map((consumer) => consumer.drain(closeMs)));
  }

  async #ask<T>(ask: (api: JetStreamApi) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { connection, clock, untilUp } = this.#options;
    signal?.throwIfAborted();
    // Whoever has never reached the server learns so in time; who has lost it waits for it.
    if (!connection.hasBeenUp) await orAborted(untilUp(), signal);
    return persist(connection, clock, async (client) => ask(await JetStreamApi.of(client)), signal);
  }
}

/** Resolves as it does, or rejects with the signal's reason. */
function orAborted(done: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return done;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    done.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function checkId(id: string): void {
  if (typeof id === "string" && /^[\x21-\x7e]+$/.test(id) && id.length <= MOST_ID_BYTES) return;
  throw new CircuitError(
    "MESSAGE_INVALID",
    `Cannot publish with the id ${JSON.stringify(String(id).slice(0, 100))}: an id has 1 to ${MOST_ID_BYTES} characters of ASCII without spaces`,
    { hint: "Leave the id out, or take a number or a UUID." },
  );
}

function checkCounts({ concurrency = 1, deliveries = 5, handlerMs = 1 }: ConsumeOptions): void {
  for (const [name, value] of Object.entries({ concurrency, deliveries, handlerMs })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new CircuitError(
      "MESSAGE_INVALID",
      `Cannot listen with ${name} ${value}: it is no whole number from 1 on`,
      {
        hint: `Give ${name} a whole number, or leave it out.`,
      },
    );
  }
}

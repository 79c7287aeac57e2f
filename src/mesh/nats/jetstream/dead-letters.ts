import { headers as makeHeaders, type NatsConnection } from "@nats-io/transport-node";
import { backoff } from "../../../core/backoff.js";
import type { Clock } from "../../../core/clock.js";
import { CircuitError, textOf } from "../../../core/error.js";
import type { DeadEvent, Keeping } from "../../durable.js";
import type { Connection } from "../connection.js";
import { decodeData, decodeHeaders, FOR_HEADER } from "../event-wire.js";
import { JetStreamApi, type StoredMessage } from "./api.js";
import { FORMER_ID_HEADER, type KeptMessage, onClock } from "./kept-message.js";
import { TryAgain } from "./problem.js";
import { DEAD_ROOT, DEAD_STREAM, ensureDeadStream } from "./streams.js";

/** What a dead event's headers say of it, beside its own. */
const HEADER = {
  subject: "Circuit-Dead-Subject",
  stream: "Circuit-Dead-Stream",
  consumer: "Circuit-Dead-Consumer",
  sequence: "Circuit-Dead-Sequence",
  deliveries: "Circuit-Dead-Deliveries",
  takenAtNs: "Circuit-Dead-Time",
  cause: "Circuit-Dead-Cause",
} as const;

/** Longest cause that is kept, in characters: the beginning of a trace. */
const MOST_CAUSE = 2_000;

/** Time between looks at the dead while nobody says that there are more, in milliseconds: a notice may be lost. */
const LOOK_MS = 5_000;

/** Waits between tries, in milliseconds. */
const TRIES = { firstMs: 50, longestMs: 2_000 };

/** Stores an event among the dead. Storing it twice is storing it once. */
export async function bury(
  api: JetStreamApi,
  kept: KeptMessage,
  cause: unknown,
  keeping?: Keeping,
): Promise<void> {
  await ensureDeadStream(api, keeping);
  const headers = makeHeaders();
  for (const name of kept.message.headers?.keys() ?? []) {
    if (!/^nats-/i.test(name) && name !== FOR_HEADER)
      headers.set(name, kept.message.headers?.get(name) ?? "");
  }
  headers.set(FORMER_ID_HEADER, kept.id);
  headers.set(HEADER.subject, kept.message.subject);
  headers.set(HEADER.stream, kept.stream);
  headers.set(HEADER.consumer, kept.consumer);
  headers.set(HEADER.sequence, String(kept.sequence));
  headers.set(HEADER.deliveries, String(kept.deliveryCount));
  headers.set(HEADER.takenAtNs, kept.takenAtNs);
  headers.set(HEADER.cause, oneLine(cause instanceof Error ? cause.message : textOf(cause)));
  const id = `${kept.stream}.${kept.consumer}.${kept.key}`;
  const stored = await api.publish(graveOf(kept), kept.message.data, id, headers);
  if (stored === undefined) throw new TryAgain(`${DEAD_STREAM} does not answer`);
}

/** Whether an event is among the dead already. */
export async function isBuried(api: JetStreamApi, kept: KeptMessage): Promise<boolean> {
  const last = await api.findMessage(DEAD_STREAM, { last_by_subj: graveOf(kept) });
  return last?.headers.get(HEADER.takenAtNs) === kept.takenAtNs;
}

/** Subject of an event that was given up: one for each. */
function graveOf({ stream, consumer, sequence }: KeptMessage): string {
  return `${DEAD_ROOT}.${stream}.${consumer}.${sequence}`;
}

/** The dead, oldest first. */
export async function* readDead(
  connection: Connection,
  clock: Clock,
  { follow = false, signal }: { readonly follow?: boolean; readonly signal?: AbortSignal },
): AsyncGenerator<DeadEvent> {
  let next = 1;
  const bell = new Bell(connection, clock);
  try {
    if (follow) bell.hang(`${DEAD_ROOT}.>`);
    for (;;) {
      signal?.throwIfAborted();
      const found = await firstDead(connection, clock, next, signal);
      if (found) {
        next = found.sequence + 1;
        yield deadOf(found, clock);
      } else if (follow) await bell.wait(signal);
      else return;
    }
  } finally {
    bell.close();
  }
}

/** Publishes a dead event anew, for the listener that gave it up, and takes it from the dead. */
export async function revive(api: JetStreamApi, number: number): Promise<boolean> {
  const found = await api.findMessage(DEAD_STREAM, { seq: number });
  if (found === undefined) return false;
  const consumer = found.headers.get(HEADER.consumer);
  const stream = found.headers.get(HEADER.stream);
  const subject = found.headers.get(HEADER.subject);
  if ((await api.findListener(stream, consumer)) === undefined) {
    throw new CircuitError(
      "EVENT_UNKEPT",
      `Cannot hand the dead event ${number} on: ${stream} has no listener ${consumer}`,
      { hint: `Start ${consumer} first.` },
    );
  }
  const headers = makeHeaders();
  for (const name of found.headers.keys()) {
    if (!/^(?:nats-|circuit-dead-)/i.test(name)) headers.set(name, found.headers.get(name));
  }
  headers.set(FOR_HEADER, consumer);
  // Of two who do this at the same time, one does it.
  const id = `again.${number}.${found.takenAt}`;
  const stored = await api.publish(subject, found.data, id, headers);
  if (stored === undefined) {
    throw new CircuitError(
      "EVENT_UNKEPT",
      `Cannot hand the dead event ${number} on: no stream takes ${subject}`,
      { hint: `Start ${consumer} first.` },
    );
  }
  await api.deleteMessage(DEAD_STREAM, number);
  return true;
}

/** The first of the dead from a number on, waiting for a server that is away. */
async function firstDead(
  connection: Connection,
  clock: Clock,
  from: number,
  signal: AbortSignal | undefined,
): Promise<StoredMessage | undefined> {
  for (const waitMs of backoff(TRIES)) {
    signal?.throwIfAborted();
    const { client } = connection;
    try {
      if (client) {
        const api = await JetStreamApi.of(client);
        return await api.findMessage(DEAD_STREAM, { seq: from, next_by_subj: `${DEAD_ROOT}.>` });
      }
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
    }
    await clock.sleep(waitMs, signal);
  }
  return undefined;
}

function deadOf(message: StoredMessage, clock: Clock): DeadEvent {
  const { headers, data, sequence, takenAt } = message;
  return {
    number: sequence,
    consumer: headers.get(HEADER.consumer),
    cause: headers.get(HEADER.cause),
    diedAt: takenAt,
    event: {
      id: headers.get(FORMER_ID_HEADER),
      stream: headers.get(HEADER.stream),
      sequence: Number(headers.get(HEADER.sequence)),
      deliveryCount: Number(headers.get(HEADER.deliveries)),
      subject: headers.get(HEADER.subject),
      data: decodeData(data, headers),
      headers: decodeHeaders(headers),
      from: undefined,
      at: onClock(clock, Number(headers.get(HEADER.takenAtNs)) / 1e6),
    },
  };
}

function oneLine(text: string): string {
  return text
    .replace(/\s+/gu, " ")
    .replace(/\p{Cc}/gu, "")
    .toWellFormed()
    .slice(0, MOST_CAUSE)
    .trim();
}

/** Rings when something was published to a pattern, when the server is back, and now and then. */
class Bell {
  readonly #connection: Connection;
  readonly #clock: Clock;
  #hasRung = false;
  #ring = () => {};
  #takeDown = () => {};

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  hang(pattern: string): void {
    const ring = () => {
      this.#hasRung = true;
      this.#ring();
    };
    let unsubscribe = () => {};
    const listen = (client: NatsConnection) => {
      const subscription = client.subscribe(pattern, { callback: ring });
      unsubscribe = () => {
        if (!subscription.isClosed()) subscription.unsubscribe();
      };
    };
    const stopListening = this.#connection.listen({
      up: (client, isNew) => {
        if (isNew) listen(client);
        ring();
      },
      closed: ring,
    });
    if (this.#connection.client) listen(this.#connection.client);
    this.#takeDown = () => {
      stopListening();
      unsubscribe();
    };
  }

  async wait(signal: AbortSignal | undefined): Promise<void> {
    const patience = new AbortController();
    this.#ring = () => patience.abort();
    const abort = () => patience.abort();
    signal?.addEventListener("abort", abort, { once: true });
    if (!this.#hasRung) await this.#clock.sleep(LOOK_MS, patience.signal).catch(() => {});
    signal?.removeEventListener("abort", abort);
    this.#hasRung = false;
  }

  close(): void {
    this.#takeDown();
  }
}

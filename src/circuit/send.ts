import { unlessAborted } from "../core/abort.js";
import { backoff } from "../core/backoff.js";
import { CircuitError } from "../core/error.js";
import type { StoredAt } from "../mesh/durable.js";
import type { EventHeaders } from "../mesh/event.js";
import type { Payload } from "../mesh/payload.js";
import { answerOf, durableOf, type EventEngine } from "./event-engine.js";

export interface OutgoingOptions {
  readonly engine: EventEngine;
  readonly subject: string;
  readonly headers: EventHeaders;
  /** Whether each is to be stored before the next. */
  readonly isDurable: boolean;
  /** How long somebody to take an event is waited for, in milliseconds; without it, nobody is. */
  readonly waitMs?: number | undefined;
  /** Events a second at most. */
  readonly rate?: number | undefined;
  readonly signal: AbortSignal;
}

/** Events that a process sends to one subject, and what became of them. */
export interface Sent {
  readonly count: number;
  /** The fewest and the most processes that listened to one of them, where the engine tells. */
  readonly listeners: { readonly least: number; readonly most: number } | undefined;
  /** Where the last was kept. */
  readonly stored: StoredAt | undefined;
}

/** How far behind its pace a sender may be and still catch up, in milliseconds: timers are a few late. */
const CATCH_UP_MS = 100;

/** Time after which is asked whether what was published has been taken, where there is a pause, in milliseconds. */
const ASK_AFTER_MS = 50;

/** Time for the server to store an event where nobody waits for it to return, in milliseconds. */
const STORED_MS = 10_000;

/** Publishes events as quickly as the engine takes them. */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #droppedBefore: number;
  #count = 0;
  #listeners: { least: number; most: number } | undefined;
  #stored: StoredAt | undefined;
  /** What was published since all was known to be taken. */
  #pending: Payload[] = [];
  /** Losses of the server when the first of those was published, and when that was. */
  #lossesBefore = 0;
  #pendingSinceMs = 0;
  #dueAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#droppedBefore = options.engine.mesh.counts().events.dropped;
  }

  /** What the engine is known to have taken so far. */
  get sent(): Sent {
    return { count: this.#count, listeners: this.#listeners, stored: this.#stored };
  }

  /**
   * Sends batches, each after the engine has taken the one before it: a NATS server has read it, nodes have read it, or a
   * stream has stored it. While the server is away it waits where it is told to, and publishes what may be lost again.
   *
   * @throws {CircuitError} `MESSAGE_INVALID`, `PEER_LOST` for what was not taken, `PEER_MISSING` where waiting was in vain,
   *   `ACCESS_DENIED`, `EVENT_UNKEPT`; what `batches` throws; the signal's own reason.
   */
  async send(batches: AsyncIterable<readonly Payload[]>): Promise<void> {
    const { signal } = this.#options;
    for await (const batch of until(batches, signal)) {
      for (const data of batch) await this.#one(data);
      await this.#settle();
    }
    this.#checkDropped();
  }

  async #one(data: Payload): Promise<void> {
    const { isDurable, signal, subject } = this.#options;
    signal.throwIfAborted();
    await this.#keepPace();
    if (isDurable) {
      this.#stored = await this.#store(data);
      this.#count++;
      return;
    }
    const { engine, waitMs } = this.#options;
    const waits = backoff();
    const sinceMs = engine.clock.now();
    let listeners = this.#publish(data);
    if (listeners === 0 && engine.kind === "nats" && engine.problem === undefined) {
      // The server is there, and has not yet taken so much that it takes no more.
      await this.#settle();
      listeners = this.#publish(data);
    }
    while (listeners === 0 && waitMs !== undefined) {
      await this.#waitOn(waits.next().value, sinceMs);
      listeners = this.#publish(data);
    }
    if (engine.kind === "ws") this.#note(listeners ?? 0);
    else if (listeners === 0) throw engine.problem ?? lost(subject);
    this.#pending.push(data);
  }

  #publish(data: Payload): number | undefined {
    const { engine, subject, headers } = this.#options;
    if (this.#pending.length === 0) {
      this.#lossesBefore = engine.losses;
      this.#pendingSinceMs = engine.clock.now();
    }
    return engine.mesh.publish(subject, data, { headers });
  }

  #note(listeners: number): void {
    const { least, most } = this.#listeners ?? { least: listeners, most: listeners };
    this.#listeners = { least: Math.min(least, listeners), most: Math.max(most, listeners) };
  }

  /** Waits, but not longer than was asked for. */
  async #waitOn(pauseMs: number, sinceMs: number): Promise<void> {
    const { engine, waitMs = 0, subject, signal } = this.#options;
    engine.refused.throwIfAborted();
    const leftMs = sinceMs + waitMs - engine.clock.now();
    if (leftMs > 0) {
      await engine.clock.sleep(Math.min(pauseMs, leftMs), signal);
      return;
    }
    throw (
      engine.problem ??
      new CircuitError("PEER_MISSING", `Cannot send to ${subject}: nobody listens after ${waitMs} ms`, {
        hint: `Start somebody who does, for example \`circuit listen --on ${subject}\`, or wait longer.`,
      })
    );
  }

  async #keepPace(): Promise<void> {
    const { rate, engine, signal } = this.#options;
    if (rate === undefined) return;
    const nowMs = engine.clock.now();
    const dueAtMs = Math.max(this.#dueAtMs, nowMs - CATCH_UP_MS);
    const isFirst = this.#dueAtMs === Number.NEGATIVE_INFINITY;
    this.#dueAtMs = (isFirst ? nowMs : dueAtMs) + 1_000 / rate;
    if (isFirst || dueAtMs <= nowMs) return;
    if (dueAtMs - this.#pendingSinceMs > ASK_AFTER_MS) await this.#settle();
    await engine.clock.sleep(dueAtMs - engine.clock.now(), signal);
  }

  /** Resolves when what was published has been taken. */
  async #settle(): Promise<void> {
    const { engine, waitMs, subject, signal } = this.#options;
    while (this.#pending.length > 0) {
      signal.throwIfAborted();
      const isThere = engine.losses === this.#lossesBefore;
      const unsure = isThere ? await unlessAborted(engine.mesh.join(), signal) : 0;
      // What the server refuses comes with its answer.
      await engine.clock.sleep(0);
      this.#checkRefused();
      if (unsure > 0) throw unread(subject, this.#pending.length, unsure);
      if (engine.losses === this.#lossesBefore) {
        this.#count += this.#pending.length;
        this.#pending = [];
        return;
      }
      if (waitMs === undefined) throw lost(subject, this.#pending.length);
      const again = this.#pending;
      this.#pending = [];
      for (const data of again) await this.#one(data);
    }
  }

  /** A server that refuses us has taken nothing; a node that does matters where nobody else listens. */
  #checkRefused(): void {
    const { engine } = this.#options;
    engine.refused.throwIfAborted();
    if (engine.problem?.code === "ACCESS_DENIED" && this.#listeners?.most === 0) throw engine.problem;
  }

  /** Over WebSockets what a listener takes too slowly is not kept for it. */
  #checkDropped(): void {
    const { engine, subject } = this.#options;
    const dropped = engine.mesh.counts().events.dropped - this.#droppedBefore;
    if (dropped === 0 || engine.kind === "nats") return;
    throw new CircuitError(
      "PEER_LOST",
      `Cannot send all to ${subject}: ${dropped} of ${this.#count} did not reach a listener, which took too slowly`,
      { hint: "Send more slowly with --rate, or let NATS carry the events." },
    );
  }

  async #store(data: Payload): Promise<StoredAt> {
    const { engine, subject, headers, signal, waitMs = STORED_MS } = this.#options;
    const durable = durableOf(engine, `store an event of ${subject}`);
    const late = new AbortController();
    const stopWaiting = Number.isFinite(waitMs)
      ? engine.clock.after(waitMs, () => late.abort(engine.problem ?? unstored(subject, waitMs)))
      : () => {};
    try {
      const either = AbortSignal.any([signal, late.signal]);
      return await durable.publish(subject, data, { headers, signal: either });
    } finally {
      stopWaiting();
    }
  }
}

/**
 * Hands a dead event to its listener once more.
 *
 * @throws {CircuitError} `EVENT_UNKEPT` where there is none of that number.
 */
export async function sendAgain(
  engine: EventEngine,
  number: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const what = `return event ${number}`;
  if (await answerOf(engine, what, durableOf(engine, what).again(number), signal)) return;
  throw new CircuitError("EVENT_UNKEPT", `Cannot return event ${number}: it is not among the dead`, {
    hint: "See `circuit listen --dead --no-follow`.",
  });
}

/** What comes before the signal aborts; then throws its reason, also where nothing comes. */
async function* until<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await unlessAborted(iterator.next(), signal);
    if (next.done) return;
    yield next.value;
  }
}

function lost(subject: string, count?: number): CircuitError {
  const what = count === undefined ? "" : `the last ${count} `;
  return new CircuitError(
    "PEER_LOST",
    `Cannot send ${what}to ${subject}: the server went away before it had taken all`,
    { hint: "Send again, or let --wait do it; some may then come twice." },
  );
}

function unread(subject: string, count: number, unsure: number): CircuitError {
  const who = unsure === 1 ? "a listener" : `${unsure} listeners`;
  const what = count === 1 ? "the last event" : `the last ${count} events`;
  return new CircuitError(
    "PEER_LOST",
    `Cannot send ${what} to ${subject}: ${who} went away, or did not answer, before having read all`,
    { hint: "See what became of who listens, and send again; others may then hear some twice." },
  );
}

function unstored(subject: string, waitMs: number): CircuitError {
  return new CircuitError("TIMEOUT", `Cannot store an event of ${subject}: no word within ${waitMs} ms`, {
    hint: "See that the server has JetStream and a stream for the subject, or wait longer with --wait.",
  });
}

import { unlessAborted } from "../core/abort.js";
import { epochOf } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { Queue } from "../core/queue.js";
import { type ConsumeOptions, type Consumer, type DurableEvent, HandBack } from "../mesh/durable.js";
import type { MeshEvent, Subscription } from "../mesh/event.js";
import { matches } from "../mesh/subject.js";
import { durableOf, type EventEngine } from "./event-engine.js";

/** An event as a listener of the command line hears it. */
export interface HeardEvent extends Pick<MeshEvent, "subject" | "data" | "headers" | "from"> {
  /** When it arrived here, or where it was stored: then; in milliseconds of the Unix epoch. */
  readonly atMs: number;
  /** What a stream knows of it. */
  readonly kept?: Pick<DurableEvent, "id" | "stream" | "sequence" | "deliveryCount">;
}

export interface HearingOptions {
  readonly engine: EventEngine;
  /** An event that several of them take in comes once. */
  readonly patterns: readonly string[];
  readonly queue?: string | undefined;
  readonly last?: boolean | undefined;
  /** Keeps the place of a listener of that name, at the one pattern. */
  readonly durable?: Pick<ConsumeOptions, "name" | "handlerMs" | "deliveries"> | undefined;
  /** Ends after so many events. */
  readonly count?: number | undefined;
  /** Ends when nothing comes for so long, in milliseconds. */
  readonly silenceMs?: number | undefined;
  /** Events that are handled at the same time. */
  readonly parallel: number;
  /** Takes an event. A durable one that it does not resolve for comes again. */
  readonly handle: (event: HeardEvent, signal: AbortSignal) => Promise<void> | void;
  /** Takes why an event was not handled, or is given up; what goes wrong besides ends the listening. */
  readonly failed: (error: unknown) => void;
  readonly notice: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Events that wait for a handler: a burst of a second at the pace of a quick command. Beyond it, they are dropped. */
const MOST_WAITING = 1_024;

/** Time that running handlers have when the listening ends, in milliseconds: as long as a person waits. */
const GRACE_MS = 5_000;

/** Listens, and hands each event to a handler. */
export class Hearing {
  /** Events that were handled, and that were not. */
  readonly counts = { handled: 0, failed: 0, dropped: 0 };
  readonly #options: HearingOptions;
  readonly #waiting = new Queue<HeardEvent>();
  readonly #subscriptions: Subscription[] = [];
  #consumer: Consumer | undefined;
  /** Aborts what runs, when the grace is over. */
  readonly #graceOver = new AbortController();
  #running = 0;
  #begun = 0;
  #isOver = false;
  #stopWaiting = () => {};
  #finish: (error?: unknown) => void = () => {};
  readonly #finished: Promise<void>;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#finished = new Promise((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.#finished.catch(() => {});
  }

  /**
   * Begins to listen, and resolves when the engine knows.
   *
   * @throws {CircuitError} `MESSAGE_INVALID`, `EVENT_UNKEPT`, and what the engine throws.
   */
  async start(): Promise<void> {
    const { engine, durable, signal } = this.#options;
    if (durable) {
      await unlessAborted(this.#consume(durable), signal);
    } else {
      for (const [at] of this.#options.patterns.entries()) this.#subscribe(at);
      await unlessAborted(engine.mesh.join(), signal);
    }
    this.#heardNothingYet();
    for (const end of [signal, engine.refused]) {
      if (end.aborted) this.#finish(end.reason);
      end.addEventListener("abort", () => this.#finish(end.reason), { once: true });
    }
  }

  /**
   * Resolves when the count is reached and all is handled.
   *
   * When it ends, however it ends, nothing new is taken, and what runs is waited for, for 5 s; then its signal aborts.
   *
   * @throws {CircuitError} `TIMEOUT` when nothing came in time, `ACCESS_DENIED` where the engine does not let us listen;
   *   the signal's own reason.
   */
  async untilDone(): Promise<void> {
    try {
      await this.#finished;
    } finally {
      await this.#close();
    }
  }

  #subscribe(at: number): void {
    const { engine, patterns, queue, last } = this.#options;
    const pattern = patterns[at] ?? "";
    const earlier = patterns.slice(0, at);
    const hear = (event: MeshEvent) => {
      if (earlier.some((other) => matches(other, event.subject))) return;
      const { subject, data, headers, from } = event;
      this.#take({ subject, data, headers, from, atMs: Date.now() });
    };
    const options = {
      ...(queue !== undefined && { queue }),
      ...(last !== undefined && { last }),
      onError: (error: unknown) => this.#finish(error),
    };
    this.#subscriptions.push(engine.mesh.subscribe(pattern, hear, options));
  }

  async #consume(options: NonNullable<HearingOptions["durable"]>): Promise<void> {
    const { engine, patterns, parallel, failed, notice } = this.#options;
    const [pattern = ""] = patterns;
    const durable = durableOf(engine, `listen to ${pattern} as ${options.name}`);
    this.#consumer = await durable.consume(pattern, (event, signal) => this.#handleKept(event, signal), {
      ...options,
      concurrency: parallel,
      onError: (error) => this.#finish(error),
      onDead: ({ subject }, cause) => {
        failed(cause);
        notice(`An event of ${subject} was given up: see \`circuit listen --dead\``);
      },
    });
  }

  /** A live event: handled at once, or when there is room. */
  #take(event: HeardEvent): void {
    const { parallel, count = Number.POSITIVE_INFINITY, notice } = this.#options;
    if (this.#isOver || this.#begun + this.#waiting.length >= count) return;
    this.#heard();
    if (this.#running < parallel) {
      this.#begin(event);
    } else if (this.#waiting.length < MOST_WAITING) {
      this.#waiting.push(event);
    } else if (this.counts.dropped++ === 0) {
      notice(
        `Events come more quickly than they are handled: with ${MOST_WAITING} waiting, others are dropped`,
      );
    }
  }

  #begin(event: HeardEvent): void {
    const { handle, failed } = this.#options;
    this.#begun++;
    this.#running++;
    let work: Promise<void> | void;
    try {
      work = handle(event, this.#graceOver.signal);
    } catch (error) {
      work = Promise.reject(error);
    }
    if (work === undefined) {
      this.#ended(true);
      return;
    }
    work.then(
      () => this.#ended(true),
      (error: unknown) => {
        failed(error);
        this.#ended(false);
      },
    );
  }

  #ended(isHandled: boolean): void {
    this.#running--;
    if (isHandled) this.counts.handled++;
    else this.counts.failed++;
    if (!this.#isOver) {
      const next = this.#waiting.shift();
      if (next) this.#begin(next);
    }
    const { count } = this.#options;
    if (count !== undefined && this.counts.handled + this.counts.failed >= count) this.#finish();
  }

  /** An event of a stream: what this rejects with sends it back. */
  async #handleKept(event: DurableEvent, signal: AbortSignal): Promise<void> {
    const { handle, count = Number.POSITIVE_INFINITY, failed } = this.#options;
    if (this.#isOver || this.#begun >= count) throw new HandBack();
    this.#heard();
    this.#begun++;
    const { subject, data, headers, from, id, stream, sequence, deliveryCount } = event;
    const atMs = epochOf(this.#options.engine.clock, event.at);
    const kept = { id, stream, sequence, deliveryCount };
    try {
      const either = AbortSignal.any([signal, this.#graceOver.signal]);
      await handle({ subject, data, headers, from, atMs, kept }, either);
    } catch (error) {
      this.#begun--;
      failed(error);
      // What is ended because the listening ends has not failed.
      throw this.#graceOver.signal.aborted ? new HandBack() : error;
    }
    this.counts.handled++;
    if (this.counts.handled >= count) this.#finish();
  }

  #heard(): void {
    this.#stopWaiting();
    this.#heardNothingYet();
  }

  #heardNothingYet(): void {
    const { engine, silenceMs, patterns } = this.#options;
    if (silenceMs === undefined || this.#isOver) return;
    this.#stopWaiting = engine.clock.after(silenceMs, () => this.#finish(silent(patterns, silenceMs)));
  }

  async #close(): Promise<void> {
    this.#isOver = true;
    this.#stopWaiting();
    for (const subscription of this.#subscriptions) subscription.close();
    const { clock } = this.#options.engine;
    const endGrace = clock.after(GRACE_MS, () => this.#graceOver.abort(graceOver()));
    // Handlers that are aborted take a little longer.
    await this.#consumer?.drain(2 * GRACE_MS);
    while (this.#running > 0) await clock.sleep(LOOK_MS);
    endGrace();
  }
}

/** How often is looked whether all handlers have ended, in milliseconds. */
const LOOK_MS = 10;

function graceOver(): CircuitError {
  return new CircuitError("NOT_RUN", `Cannot finish an event: the listening ended ${GRACE_MS} ms ago`);
}

function silent(patterns: readonly string[], silenceMs: number): CircuitError {
  return new CircuitError(
    "TIMEOUT",
    `Cannot hear ${patterns.join(" or ")}: nothing came for ${silenceMs} ms`,
    {
      hint: "See that somebody publishes there, or wait longer with --timeout.",
    },
  );
}

import { unlessAborted } from "../core/abort.js";
import { epochOf } from "../core/clock.js";
import { printable } from "../core/printable.js";
import { Queue } from "../core/queue.js";
import { type ConsumeOptions, type Consumer, type DurableEvent, HandBack } from "../mesh/durable.js";
import type { MeshEvent, Subscription } from "../mesh/event.js";
import { matches } from "../mesh/subject.js";
import { durableOf, type EventEngine } from "./event-engine.js";
import { GRACE_MS, graceOver, silent } from "./hearing-problems.js";
import { Places } from "./places.js";

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
  /** Takes an event. A durable one that it does not resolve for comes again; after a `HandBack`, no try is used up. */
  readonly handle: (event: HeardEvent, signal: AbortSignal) => Promise<void> | void;
  /** Takes why an event was not handled, or is given up, once; what goes wrong besides ends the listening. */
  readonly failed: (error: unknown) => void;
  readonly notice: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Events that wait for a handler: a burst of a second at the pace of a quick command. Beyond it, they are dropped. */
const MOST_WAITING = 1_024;

/** Time that a handler of a durable event has where nobody said, in milliseconds: that of `ConsumeOptions`. */
const HANDLER_MS = 30_000;

/** How often is looked whether all handlers have ended, in milliseconds. */
const LOOK_MS = 10;

/** Listens, and hands each event to a handler. */
export class Hearing {
  /** Events that were handled, those that were not (durable ones: given up), and those that were dropped unseen. */
  readonly counts = { handled: 0, failed: 0, dropped: 0 };
  readonly #options: HearingOptions;
  readonly #waiting = new Queue<HeardEvent>();
  readonly #subscriptions: Subscription[] = [];
  #consumer: Consumer | undefined;
  /** Aborts what runs, when the grace is over. */
  readonly #graceOver = new AbortController();
  #running = 0;
  /** Those of the count: a durable event that failed gives its place back. */
  readonly #places: Places;
  /** Failures that were told. */
  readonly #told = new WeakSet<object>();
  #isOver = false;
  #stopWaiting = () => {};
  #finish: (error?: unknown) => void = () => {};
  readonly #finished: Promise<void>;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#places = new Places(options.engine.clock, options.count ?? Number.POSITIVE_INFINITY);
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
    this.#waitIfIdle();
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
      // In a queue each event comes to one of its members, and several of them are ours.
      if (queue === undefined && earlier.some((other) => matches(other, event.subject))) return;
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
    const { engine, patterns, parallel, count, notice } = this.#options;
    const [pattern = ""] = patterns;
    const durable = durableOf(engine, `listen to ${pattern} as ${options.name}`);
    const { handlerMs = HANDLER_MS } = options;
    const handle = (event: DurableEvent, signal: AbortSignal) => this.#handleKept(event, handlerMs, signal);
    this.#consumer = await durable.consume(pattern, handle, {
      ...options,
      // Where there is a count, an event may have to wait for the one before it to fail.
      handlerMs: count === undefined ? handlerMs : 2 * handlerMs,
      ...{ exact: count !== undefined },
      concurrency: parallel,
      onError: (error) => this.#finish(error),
      onDead: ({ subject }, cause) => {
        this.counts.failed++;
        this.#tell(cause);
        notice(`An event of ${printable(subject)} was given up: see \`circuit listen --dead\``);
      },
    });
  }

  /** A live event: handled at once, or when there is room. */
  #take(event: HeardEvent): void {
    const { parallel, notice } = this.#options;
    if (this.#isOver || this.#waiting.length >= this.#places.left) return;
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
    this.#places.take();
    this.#running++;
    this.#stopWaiting();
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
    this.#waitIfIdle();
    const { count } = this.#options;
    if (count !== undefined && this.counts.handled + this.counts.failed >= count) this.#finish();
  }

  /** An event of a stream: what this rejects with sends it back. */
  async #handleKept(event: DurableEvent, handlerMs: number, signal: AbortSignal): Promise<void> {
    const { handle, engine, count = Number.POSITIVE_INFINITY } = this.#options;
    if (!(await this.#places.untilTaken(handlerMs))) throw new HandBack();
    this.#running++;
    this.#stopWaiting();
    const { subject, data, headers, from, at, id, stream, sequence, deliveryCount } = event;
    const kept = { id, stream, sequence, deliveryCount };
    try {
      const either = AbortSignal.any([signal, this.#graceOver.signal]);
      await handle({ subject, data, headers, from, atMs: epochOf(engine.clock, at), kept }, either);
    } catch (error) {
      this.#places.giveBack();
      const isHandedBack = error instanceof HandBack || this.#graceOver.signal.aborted;
      if (!isHandedBack) this.#tell(error);
      throw isHandedBack ? new HandBack(error) : error;
    } finally {
      this.#running--;
      this.#waitIfIdle();
    }
    this.counts.handled++;
    if (this.counts.handled >= count) this.#finish();
  }

  #tell(error: unknown): void {
    if (typeof error === "object" && error !== null) {
      if (this.#told.has(error)) return;
      this.#told.add(error);
    }
    this.#options.failed(error);
  }

  /** Silence begins when nothing is being handled. */
  #waitIfIdle(): void {
    const { engine, silenceMs, patterns } = this.#options;
    if (silenceMs === undefined || this.#isOver || this.#running > 0) return;
    this.#stopWaiting();
    this.#stopWaiting = engine.clock.after(silenceMs, () => this.#finish(silent(patterns, silenceMs)));
  }

  async #close(): Promise<void> {
    this.#isOver = true;
    this.#stopWaiting();
    this.#places.close();
    for (const subscription of this.#subscriptions) subscription.close();
    const { notice, engine } = this.#options;
    const { clock } = engine;
    const endGrace = clock.after(GRACE_MS, () => this.#graceOver.abort(graceOver()));
    // Handlers that are aborted take a little longer.
    await this.#consumer?.drain(2 * GRACE_MS);
    while (this.#running > 0) await clock.sleep(LOOK_MS);
    endGrace();
    const { dropped } = this.counts;
    if (dropped > 0) notice(`Dropped ${dropped} event${dropped === 1 ? "" : "s"}, which nobody has seen`);
  }
}

import type { NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import { type ConsumeOptions, type Consumer, type DurableEvent, HandBack } from "../../durable.js";
import { matches } from "../../subject.js";
import { Attachment } from "../attachment.js";
import type { Connection } from "../connection.js";
import { FOR_HEADER } from "../event-wire.js";
import { JetStreamApi } from "./api.js";
import { Handled } from "./handled.js";
import type { KeptMessage } from "./kept-message.js";
import { Puller } from "./puller.js";
import { Run } from "./run.js";
import { ensureStream } from "./streams.js";
import { Tries } from "./tries.js";

export type DurableHandler = (event: DurableEvent, signal: AbortSignal) => unknown;

/** A handler may take as long as it likes, as long as its process says that it lives: within this time, in milliseconds. */
const LONGEST_ACK_WAIT_MS = 30_000;
const SHORTEST_ACK_WAIT_MS = 1_000;

/** Events that are held ready for quick handlers, so that none waits for the server; slow ones leave them to others. */
const READ_AHEAD = 64;
const QUICK_MS = 5;

/** Events of a listener that may be out and not acknowledged: the server's own default, and what it remembers of each. */
const MOST_UNACKNOWLEDGED = 1_024;

/** When the stream is looked at again: another process that added a pattern may have written over ours, in milliseconds. */
const LOOK_AGAIN_MS = 1_000;

/** When an event that a handler has handed back comes again, while its listener goes on: to it, perhaps, in milliseconds. */
const HAND_BACK_MS = 1_000;

/** Time that handlers may take when a listener leaves, in milliseconds. */
const GRACE_MS = 30_000;

export interface DurableConsumerOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly pattern: string;
  readonly handler: DurableHandler;
  readonly options: ConsumeOptions;
  /** An event is handed to the handler. */
  readonly heard: () => void;
  /** It hears nothing any more. */
  readonly closed: (consumer: DurableConsumer) => void;
}

/** Hands out the events of one name, acknowledges those that were handled, and gives up those that never are. */
export class DurableConsumer implements Consumer {
  readonly pattern: string;
  readonly counts = { duplicates: 0 };
  readonly #given: DurableConsumerOptions;
  readonly #attachment: Attachment;
  readonly #handled = new Handled();
  readonly #tries: Tries;
  /** Events that are here and not acknowledged, in the order in which they came. */
  readonly #held = new Map<string, Run>();
  readonly #waiting: Run[] = [];
  readonly #concurrency: number;
  readonly #ackWaitMs: number;
  #running = 0;
  /** How long handlers took, as a mean of the last few, in milliseconds. */
  #handlerMs = QUICK_MS;
  #puller: Puller | undefined;
  #problem: CircuitError | undefined;
  #isReady = false;
  /** Resolves when what was on its way to the last puller has come. */
  #closing = Promise.resolve();
  #stopWorking = () => {};
  #left: Promise<void> | undefined;
  #whenIdle = () => {};

  constructor(given: DurableConsumerOptions) {
    const { connection, clock, pattern, options } = given;
    this.#given = given;
    this.pattern = pattern;
    this.#concurrency = options.concurrency ?? 1;
    const handlerMs = options.handlerMs ?? LONGEST_ACK_WAIT_MS;
    this.#ackWaitMs = Math.min(Math.max(handlerMs, SHORTEST_ACK_WAIT_MS), LONGEST_ACK_WAIT_MS);
    this.#tries = new Tries({ connection, clock, options, handled: this.#handled });
    this.#attachment = new Attachment({
      connection,
      clock,
      attach: async (client, life) => this.#attach(await JetStreamApi.of(client), client, life),
      failed: (problem) => {
        this.#problem ??= problem;
        if (this.#isReady) options.onError?.(problem);
      },
    });
  }

  /**
   * Resolves when the server knows it.
   *
   * @throws {CircuitError} What keeps the server from it.
   */
  async start(): Promise<void> {
    const { signal } = this.#given.options;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#attachment.start();
    this.#work();
    await this.#attachment.settled;
    if (this.#problem) {
      this.close();
      throw this.#problem;
    }
    signal?.throwIfAborted();
    this.#isReady = true;
  }

  close(): void {
    void this.drain(0);
  }

  drain(graceMs = GRACE_MS): Promise<void> {
    this.#left ??= this.#leave();
    if (graceMs <= 0) {
      // Before anybody stops the handlers: what fails is tried, and given up, no more.
      this.#giveUpAll();
      return this.#left;
    }
    const stop = this.#given.clock.after(graceMs, () => this.#giveUpAll());
    return this.#left.finally(stop);
  }

  readonly #abort = (): void => this.close();

  async #leave(): Promise<void> {
    this.#attachment.close();
    // Those that nobody has begun are for whoever else is there.
    for (const run of this.#waiting.splice(0)) this.#release(run);
    const { connection, options, closed } = this.#given;
    if (this.#held.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    await connection.within(this.#closing);
    this.#stopWorking();
    options.signal?.removeEventListener("abort", this.#abort);
    closed(this);
    if (connection.client) await connection.within(connection.client.flush());
  }

  #giveUpAll(): void {
    for (const run of [...this.#held.values()]) {
      run.abort(
        new CircuitError("PEER_LOST", `Cannot go on with ${run.event.subject}: its listener is closed`),
      );
      this.#release(run);
    }
  }

  /** Hands an event back. */
  #release(run: Run): void {
    run.kept.retryAfter(0);
    this.#forget(run);
  }

  #forget(run: Run): void {
    this.#held.delete(run.key);
    if (this.#held.size === 0) this.#whenIdle();
  }

  async #attach(api: JetStreamApi, client: NatsConnection, life: AbortSignal): Promise<void> {
    const { options, clock } = this.#given;
    const { name, keeping } = options;
    const { name: stream } = await ensureStream(api, this.pattern, keeping);
    const other = await api.findListener(stream, name);
    if (other !== undefined && other !== this.pattern) throw isTaken(this.pattern, name, other);
    await api.putListener(stream, {
      name,
      pattern: this.pattern,
      ackWaitMs: this.#ackWaitMs,
      mostUnacknowledged: Math.max(MOST_UNACKNOWLEDGED, 2 * this.#concurrency),
    });
    life.throwIfAborted();
    const puller = new Puller({
      client,
      clock,
      stream,
      consumer: name,
      take: (kept) => this.#take(kept),
      ended: () => this.#refill(),
      lost: () => this.#attachment.again(),
    });
    this.#puller = puller;
    const stopLooking = clock.after(LOOK_AGAIN_MS, () => void this.#lookAgain(api, life));
    life.addEventListener("abort", () => {
      stopLooking();
      if (this.#puller === puller) this.#puller = undefined;
      this.#closing = puller.close();
    });
    this.#refill();
  }

  async #lookAgain(api: JetStreamApi, life: AbortSignal): Promise<void> {
    try {
      await ensureStream(api, this.pattern);
    } catch {
      if (!life.aborted) this.#attachment.again();
    }
  }

  #take(kept: KeptMessage): void {
    const { options } = this.#given;
    const { message, key } = kept;
    const wanted = message.headers?.get(FOR_HEADER) || options.name;
    if (wanted !== options.name || !matches(this.pattern, message.subject)) kept.ack();
    else if (this.#handled.has(key)) {
      this.counts.duplicates++;
      kept.ack();
    } else if (this.#left) kept.retryAfter(0);
    else this.#hold(kept);
    this.#refill();
  }

  #hold(kept: KeptMessage): void {
    const held = this.#held.get(kept.key);
    if (held) {
      this.counts.duplicates++;
      held.kept = kept; // what is answered is the newest
      return;
    }
    const run = new Run(kept, this.#given.clock);
    this.#held.set(run.key, run);
    this.#waiting.push(run);
    this.#next();
  }

  #next(): void {
    while (this.#running < this.#concurrency) {
      const run = this.#waiting.shift();
      if (run === undefined) return;
      this.#running++;
      void this.#run(run);
    }
  }

  async #run(run: Run): Promise<void> {
    const { handler, clock, heard, options } = this.#given;
    const startedAt = clock.now();
    try {
      if (await this.#tries.isOver(run)) return;
      heard();
      await run.through(handler, options.handlerMs ?? LONGEST_ACK_WAIT_MS);
      if (this.#held.has(run.key)) {
        this.#handled.add(run.key);
        run.kept.ack();
      }
    } catch (cause) {
      if (!this.#held.has(run.key)) return;
      if (cause instanceof HandBack) run.kept.retryAfter(this.#left ? 0 : HAND_BACK_MS);
      else await this.#tries.failed(run, cause);
    } finally {
      this.#running--;
      this.#handlerMs += (clock.now() - startedAt - this.#handlerMs) / 8;
      this.#forget(run);
      this.#next();
      this.#refill();
    }
  }

  #refill(): void {
    if (this.#left || !this.#puller) return;
    const isQuick = this.#handlerMs < QUICK_MS;
    const room = this.#concurrency + (isQuick ? READ_AHEAD : 0);
    const free = room - this.#held.size - this.#puller.requested;
    if (free >= (isQuick ? READ_AHEAD / 2 : 1)) this.#puller.request(free);
  }

  /** Says of everything that is held that it is being worked on, before its time is over. */
  #work(): void {
    this.#stopWorking = this.#given.clock.after(this.#ackWaitMs / 3, () => {
      if (this.#given.connection.client) for (const run of this.#held.values()) run.kept.working();
      this.#work();
    });
  }
}

function isTaken(pattern: string, name: string, other: string): CircuitError {
  return new CircuitError(
    "MESSAGE_INVALID",
    `Cannot listen to ${pattern} as ${name}: that name listens to ${other || "all of a stream"}`,
    { hint: "Choose another name, or forget that listener first." },
  );
}

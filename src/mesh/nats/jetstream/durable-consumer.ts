import type { NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type { ConsumeOptions, Consumer } from "../../durable.js";
import { matches } from "../../subject.js";
import { Attachment } from "../attachment.js";
import type { Connection } from "../connection.js";
import { JetStreamApi, type StreamFacts } from "./api.js";
import { Handled } from "./handled.js";
import type { KeptMessage } from "./kept-message.js";
import { LookingBack } from "./looking-back.js";
import { Puller } from "./puller.js";
import { type DurableHandler, Runs, USUAL_HANDLER_MS } from "./runs.js";
import { findWider, holdStream } from "./streams.js";
import { Tries } from "./tries.js";

/** A handler may take as long as it likes, as long as its process says that it lives: within this time, in milliseconds. */
const LONGEST_ACK_WAIT_MS = 30_000;
const SHORTEST_ACK_WAIT_MS = 1_000;

/**
 * Events that are held ready for quick handlers, so that none waits for the server; slow ones leave them to others. Handed
 * back, or out again after a crash, each has one delivery more without having been tried: nobody reads ahead before as
 * many have come in a row that nobody was handed before.
 */
const READ_AHEAD = 64;

/** Handlers at a time of which some may have nothing to do for a moment, so that events are asked for together. */
const MANY = 64;

/** Events of a listener that may be out and not acknowledged: the server's own default, and what it remembers of each. */
const MOST_UNACKNOWLEDGED = 1_024;

/** Time that handlers may take when a listener leaves, in milliseconds. */
const GRACE_MS = 30_000;

export interface DurableConsumerOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly pattern: string;
  readonly handler: DurableHandler;
  readonly options: ConsumeOptions;
  /** Finds the stream, or makes it; by default the one that takes the pattern, ours where no other does. */
  readonly hold?: (api: JetStreamApi) => Promise<StreamFacts>;
  /** Time after which what is with a process that has died is handed out again, in milliseconds; by default as long as handlers may take. */
  readonly ackWaitMs?: number;
  /** Whether the handler wants to know when it is aborted; otherwise its signal never aborts. */
  readonly hasSignals?: boolean;
  /** Events that may be out with all processes together. */
  readonly mostUnacknowledged?: number;
  /** Whether what is acknowledged goes from its stream, so that what is left behind can be found. */
  readonly looksBack?: boolean;
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
  readonly #runs: Runs;
  readonly #ackWaitMs: number;
  /** Events in a row that came for the first time. */
  #firsts = 0;
  #puller: Puller | undefined;
  /** What the events come from, while that is known. */
  #stream: string | undefined;
  readonly #lookingBack: LookingBack | undefined;
  #problem: CircuitError | undefined;
  #isReady = false;
  #isWiderTold = false;
  /** Resolves when what was on its way to the last puller has come. */
  #closing = Promise.resolve();
  #stopWorking = () => {};
  #left: Promise<void> | undefined;

  constructor(given: DurableConsumerOptions) {
    const { connection, clock, pattern, handler, options, heard } = given;
    this.#given = given;
    this.pattern = pattern;
    const handlerMs = options.handlerMs ?? USUAL_HANDLER_MS;
    this.#ackWaitMs =
      given.ackWaitMs ?? Math.min(Math.max(handlerMs, SHORTEST_ACK_WAIT_MS), LONGEST_ACK_WAIT_MS);
    const handled = this.#handled;
    this.#runs = new Runs({
      ...{ clock, handler, options, handled, heard },
      hasSignals: given.hasSignals ?? true,
      tries: new Tries({ connection, clock, options, handled }),
      again: () => void this.counts.duplicates++,
      freed: () => this.#refill(),
    });
    this.#lookingBack = given.looksBack
      ? new LookingBack({
          ...{ connection, clock, random: Math.random, listener: options.name, subject: pattern },
          stream: () => this.#stream,
        })
      : undefined;
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
    this.#lookingBack?.start();
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
      // In this turn, before the failures of handlers that are being stopped count as tries.
      this.#runs.giveUp();
      return this.#left;
    }
    const stop = this.#given.clock.after(graceMs, () => this.#runs.giveUp());
    return this.#left.finally(stop);
  }

  readonly #abort = (): void => this.close();

  async #leave(): Promise<void> {
    this.#attachment.close();
    this.#lookingBack?.stop();
    const { connection, options, closed } = this.#given;
    await this.#runs.leave();
    await connection.within(this.#closing);
    this.#stopWorking();
    options.signal?.removeEventListener("abort", this.#abort);
    closed(this);
    if (connection.client) await connection.within(connection.client.flush());
  }

  async #attach(api: JetStreamApi, client: NatsConnection, life: AbortSignal): Promise<void> {
    const { options, clock, hold, mostUnacknowledged = MOST_UNACKNOWLEDGED } = this.#given;
    const { name, keeping } = options;
    const lost = (why?: unknown) => this.#attachment.again(why);
    const found = hold
      ? await hold(api)
      : await holdStream(api, { clock, pattern: this.pattern, keeping, life, lost });
    const { name: stream } = found;
    const other = await api.findListener(stream, name);
    if (other !== undefined && other !== this.pattern) throw isTaken(this.pattern, name, other);
    await api.putListener(stream, {
      name,
      pattern: this.pattern,
      ackWaitMs: this.#ackWaitMs,
      mostUnacknowledged: Math.max(mostUnacknowledged, 2 * this.#runs.concurrency),
    });
    life.throwIfAborted();
    if (keeping) this.#tellWider(findWider(found, keeping));
    const take = (kept: KeptMessage) => this.#take(kept);
    const ended = () => this.#refill();
    const puller = new Puller({ client, clock, stream, consumer: name, take, ended, lost });
    this.#puller = puller;
    this.#stream = stream;
    life.addEventListener("abort", () => {
      if (this.#puller === puller) this.#puller = undefined;
      this.#closing = puller.close();
    });
    this.#refill();
  }

  /** Says once that others keep more than was asked for here. */
  #tellWider(wider: CircuitError | undefined): void {
    if (wider && !this.#isWiderTold) this.#given.options.onError?.(wider);
    this.#isWiderTold = true;
  }

  #take(kept: KeptMessage): void {
    const { name } = this.#given.options;
    const { message } = kept;
    this.#firsts = kept.deliveryCount > 1 ? 0 : this.#firsts + 1;
    const isOurs = this.pattern === message.subject || matches(this.pattern, message.subject);
    if ((kept.wanted ?? name) !== name || !isOurs) kept.ack();
    else if (this.#handled.has(kept)) {
      this.counts.duplicates++;
      kept.ack();
    } else if (this.#left) kept.retryAfter(0);
    else this.#runs.hold(kept);
    this.#refill();
  }

  #refill(): void {
    // A suspect's neighbours would come out once more for nothing.
    if (this.#left || !this.#puller || this.#runs.isAlone) return;
    const { isQuick, concurrency, held } = this.#runs;
    const readsAhead = isQuick && this.#firsts >= READ_AHEAD && !this.#given.options.exact;
    const room = concurrency + (readsAhead ? READ_AHEAD : 0);
    const free = room - held - this.#puller.requested;
    // Of many that are handled at a time, a part at a time: a request costs as much as some events.
    const hasMany = concurrency >= MANY;
    const least = hasMany ? concurrency / 4 : readsAhead ? READ_AHEAD / 2 : 1;
    if (free >= least || (hasMany && free > 0 && this.#puller.requested === 0)) this.#puller.request(free);
  }

  /** Says of everything that is held that it is being worked on, before its time is over. */
  #work(): void {
    this.#stopWorking = this.#given.clock.after(this.#ackWaitMs / 3, () => {
      if (this.#given.connection.client) this.#runs.working();
      this.#work();
    });
  }
}

function isTaken(pattern: string, name: string, other: string): CircuitError {
  return new CircuitError(
    "MESSAGE_INVALID",
    `Cannot listen to ${pattern} as ${name}: that name listens to ${other || "all of a stream"}`,
    { hint: `Choose another name, or forget that listener first, with circuit events --forget ${name}.` },
  );
}

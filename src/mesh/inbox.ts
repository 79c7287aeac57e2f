import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { Queue } from "../core/queue.js";
import { isThenable } from "../core/thenable.js";
import type { ReceivedTally } from "./counts.js";
import { DEFAULT_DEADLINE_MS } from "./framed/records.js";
import type { MeshLimits } from "./limits.js";
import type { Delivery, Handler } from "./mesh.js";
import { ackOf, reasonOf } from "./text.js";
import type { TraceContext } from "./trace.js";

/** The way back from an inbox to the sender of its messages. */
export interface Replies {
  /** The sender takes no acks at the moment: no handler is started until `Inbox.run()` is called. */
  isFull(): boolean;
  /** The answer to the oldest message without one. */
  ack(text: string): void;
  /** The handler threw; nothing later runs. Called once at most, and nothing after it. */
  refuse(reason: string): void;
  /** Stops or goes on reading messages: as many as may be outstanding are waiting. */
  setReading(reading: boolean): void;
}

export interface InboxOptions {
  readonly node: string;
  readonly channel: string;
  readonly handler: Handler;
  readonly replies: Replies;
  readonly limits: MeshLimits;
  readonly tally: ReceivedTally;
  /** Where all of its messages belong in a trace, where its sender said. */
  readonly trace: TraceContext | undefined;
  readonly clock: Clock;
}

/**
 * The receiver's end of one connection: hands messages to the handler one at a time, in order, each after the
 * answer to the one before it. A handler that answers at once costs no Promise.
 */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #waiting = new Queue<string>();
  readonly #abort = new AbortController();
  #waitingUnits = 0;
  #state: "open" | "finishing" | "ended" = "open";
  #running = false;
  #startMs = 0;
  #reading = true;
  #idle: (() => void) | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Messages that run, and that wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running ? 1 : 0, waiting: this.#waiting.length };
  }

  push(message: string): void {
    if (this.#state !== "open") return;
    this.#options.tally.messages++;
    this.#waiting.push(message);
    this.#waitingUnits += message.length;
    this.run();
  }

  /** Runs what is waiting, as far as it can be answered. */
  run(): void {
    while (!this.#running && !this.#options.replies.isFull()) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      this.#waitingUnits -= message.length;
      this.#handle(message);
    }
    this.#balance();
  }

  /** The sender has gone away: aborts the running handler, runs nothing more, answers nothing. Idempotent. */
  abandon(): void {
    if (this.#state === "ended") return;
    this.#end(new CircuitError("PEER_LOST", "Cannot answer: the sender has gone away"));
  }

  /** The node leaves: runs nothing more, and resolves when the running handler has ended. Its answer is still sent. */
  finish(): Promise<void> {
    if (this.#state !== "open") return Promise.resolve();
    this.#state = "finishing";
    this.#waiting.clear();
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (!this.#running) resolve();
    });
    return idle;
  }

  /** Aborts the signal of the running handler; its answer is still sent. Idempotent. */
  hurry(): void {
    this.#abort.abort(new CircuitError("PEER_LOST", "Cannot go on: the node is closing"));
  }

  #handle(message: string): void {
    this.#running = true;
    this.#startMs = this.#options.clock.now();
    try {
      const answer = this.#options.handler(new PlainDelivery(message, this.#options, this.#abort.signal));
      if (isThenable(answer)) Promise.resolve(answer).then(this.#answered, this.#threw);
      else this.#answer(answer);
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  readonly #answered = (value: unknown): void => {
    try {
      this.#answer(value);
    } catch (thrown) {
      this.#refuse(thrown);
    }
    this.run();
  };

  readonly #threw = (thrown: unknown): void => this.#refuse(thrown);

  #answer(value: unknown): void {
    const ack = ackOf(value, this.#options.limits);
    this.#finished();
    this.#options.tally.acks++;
    if (this.#state !== "ended") this.#options.replies.ack(ack);
    this.#idle?.();
  }

  #refuse(thrown: unknown): void {
    this.#finished();
    this.#options.tally.failures.add("FAILED");
    if (this.#state === "open") {
      this.#end(thrown);
      this.#options.replies.refuse(reasonOf(thrown));
    }
    this.#idle?.();
  }

  #finished(): void {
    this.#running = false;
    this.#options.tally.handlerMs.add(this.#options.clock.now() - this.#startMs);
  }

  #end(reason: unknown): void {
    this.#state = "ended";
    this.#waiting.clear();
    this.#waitingUnits = 0;
    this.#abort.abort(reason);
    this.#idle?.();
  }

  #balance(): void {
    const { limits, replies } = this.#options;
    const isFull = this.#waiting.length >= limits.outstanding || this.#waitingUnits >= limits.unsentBytes;
    const isLow =
      this.#waiting.length * 2 <= limits.outstanding && this.#waitingUnits * 2 <= limits.unsentBytes;
    if (this.#reading ? isFull : isLow) {
      this.#reading = !this.#reading;
      replies.setReading(this.#reading);
    }
  }
}

/** A message of the plain protocol, which tells nothing but the message. */
class PlainDelivery implements Delivery {
  readonly message: string;
  readonly signal: AbortSignal;
  readonly deliveryCount = 1;
  readonly hasDeadline = false;
  readonly isProven = false;
  readonly session = undefined;
  trace: TraceContext | undefined;
  readonly #options: InboxOptions;
  readonly #arrivedMs: number;
  #key: string | undefined;

  constructor(message: string, options: InboxOptions, signal: AbortSignal) {
    this.message = message;
    this.signal = signal;
    this.trace = options.trace;
    this.#options = options;
    this.#arrivedMs = options.clock.now();
  }

  get channel(): string {
    return this.#options.channel;
  }

  get deadlineAtMs(): number {
    return this.#arrivedMs + DEFAULT_DEADLINE_MS;
  }

  get chain(): readonly string[] {
    return [`${this.#options.node}/${this.channel}`];
  }

  get idempotencyKey(): string {
    this.#key ??= crypto.randomUUID();
    return this.#key;
  }
}

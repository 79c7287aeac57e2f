import type { Deadline, Deadlines, Pending } from "../core/deadlines.js";
import { Queue } from "../core/queue.js";
import { checkChannel } from "./channel.js";
import { checkKey } from "./idempotency-key.js";
import type { MeshLimits } from "./limits.js";
import type { Messages } from "./mesh.js";
import { checkPayload, type Payload } from "./payload.js";
import { lateError } from "./sent.js";
import type { Outbox, Waiter } from "./waiter.js";

export interface AckStreamOptions {
  readonly messages: Messages;
  readonly signal: AbortSignal | undefined;
  readonly limits: MeshLimits;
  readonly target: string;
  readonly channel: string;
  readonly idempotencyKey: string | undefined;
  /** When nobody waits any more, on the clock of `deadlines`, in milliseconds. */
  readonly deadlineAtMs: number | undefined;
  readonly deadlines: Deadlines;
  /** Has the stream while it goes on. */
  readonly streams: Set<AckStream>;
  /** Where the next message goes, whose ticket this is. */
  findOutbox(ticket: number): Outbox;
}

interface Reader {
  resolve(result: IteratorResult<Payload, undefined>): void;
  reject(problem: unknown): void;
}

/** How a stream ended; told after the acks that came before it. */
type End = { readonly problem: unknown } | "done";

/**
 * Sends messages and yields their acks, in order. An iterator of its own: an async generator costs three
 * Promises a message, this one a single one, and none while the source answers at once.
 */
export class AckStream implements AsyncIterableIterator<Payload, undefined, undefined>, Waiter, Deadline {
  /** See `Deadline`. */
  readonly atMs: number;
  readonly #options: AckStreamOptions;
  readonly #acks = new Queue<Payload>();
  readonly #readers = new Queue<Reader>();
  readonly #source: Iterator<Payload> | AsyncIterator<Payload> | undefined;
  /** Messages without an ack, all of them at `#outbox`. */
  #outstanding = 0;
  /** Tickets of the message posted last, and of the one whose ack is yielded next. */
  #posted = 0;
  #due = 1;
  /** What came for messages after the one that is due. */
  #early: Map<number, () => void> | undefined;
  #outbox: Outbox | undefined;
  #isPulling = false;
  #pending: Pending | undefined;
  #abort: (() => void) | undefined;
  /** What the source said last; the stream ends when the acks before it are in. */
  #sourceEnd: End | undefined;
  #end: End | undefined;

  constructor(options: AckStreamOptions) {
    const { messages, signal, channel, idempotencyKey, limits, deadlines, streams } = options;
    this.#options = options;
    this.atMs = options.deadlineAtMs ?? Number.POSITIVE_INFINITY;
    try {
      signal?.throwIfAborted();
      checkChannel(channel, limits);
      if (idempotencyKey !== undefined) checkKey(idempotencyKey);
      this.#source = iterate(messages);
    } catch (problem) {
      this.#end = { problem };
      return;
    }
    if (signal) {
      this.#abort = () => this.#stop({ problem: signal.reason });
      signal.addEventListener("abort", this.#abort, { once: true });
    }
    if (Number.isFinite(this.atMs)) this.#pending = deadlines.add(this);
    streams.add(this);
    this.#pull();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Payload, undefined>> {
    const ack = this.#acks.shift();
    if (ack !== undefined) {
      this.#pull();
      return Promise.resolve({ value: ack, done: false });
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#settle();
    });
  }

  late(): void {
    this.#stop({ problem: lateError(this.#options.target) });
  }

  /** Ends it for that reason. Idempotent. */
  close(problem: unknown): void {
    this.#stop({ problem });
  }

  return(): Promise<IteratorResult<Payload, undefined>> {
    this.#acks.clear();
    this.#stop("done");
    return Promise.resolve({ value: undefined, done: true });
  }

  get isGone(): boolean {
    return this.#end !== undefined;
  }

  sent(): void {
    this.#pull();
  }

  acked(payload: Payload, ticket = this.#due): void {
    if (ticket !== this.#due) {
      this.#keepEarly(ticket, () => this.#yield(payload));
      return;
    }
    this.#yield(payload);
    this.#goOn();
  }

  failed(problem: unknown, ticket = this.#due): void {
    if (ticket === this.#due) this.#fail(problem);
    else this.#keepEarly(ticket, () => this.#fail(problem));
  }

  #keepEarly(ticket: number, tell: () => void): void {
    this.#early ??= new Map();
    this.#early.set(ticket, tell);
  }

  #goOn(): void {
    for (let next = this.#early?.get(this.#due); next !== undefined; next = this.#early?.get(this.#due)) {
      this.#early?.delete(this.#due);
      next();
    }
    this.#pull();
    this.#settle();
  }

  #yield(payload: Payload): void {
    if (this.isGone) return;
    this.#outstanding--;
    this.#due++;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#acks.push(payload);
    else reader.resolve({ value: payload, done: false });
  }

  #fail(problem: unknown): void {
    this.#outstanding--;
    this.#stop({ problem });
  }

  /** Takes messages from the source while one more may be outstanding. */
  #pull(): void {
    if (this.#isPulling) return;
    this.#isPulling = true;
    try {
      while (this.#mayPull()) {
        const result = this.#source?.next();
        if (result === undefined) break;
        if ("then" in result) {
          result.then(
            (pulled) => this.#pulled(pulled),
            (problem) => this.#sourceFailed(problem),
          );
          return; // and is pulling until then
        }
        this.#take(result);
      }
    } catch (problem) {
      this.#sourceEnd = { problem };
    }
    this.#isPulling = false;
  }

  /** One message may always wait at an outlet, because it is what makes it connect. */
  #mayPull(): boolean {
    if (this.#sourceEnd !== undefined || this.#end !== undefined) return false;
    if (this.#outstanding + this.#acks.length >= this.#options.limits.outstanding) return false;
    return this.#outstanding === 0 || this.#outbox === undefined || this.#outbox.hasRoom;
  }

  #pulled(result: IteratorResult<Payload>): void {
    this.#isPulling = false;
    if (this.#end !== undefined) return;
    try {
      this.#take(result);
    } catch (problem) {
      this.#sourceEnd = { problem };
    }
    this.#pull();
    this.#settle();
  }

  #sourceFailed(problem: unknown): void {
    this.#isPulling = false;
    this.#sourceEnd = { problem };
    this.#settle();
  }

  #take(result: IteratorResult<Payload>): void {
    if (result.done) {
      this.#sourceEnd = "done";
      return;
    }
    try {
      checkPayload(result.value, this.#options.limits);
    } catch (problem) {
      this.#closeSource();
      throw problem;
    }
    this.#outbox = this.#options.findOutbox(this.#posted + 1);
    this.#outstanding++;
    this.#outbox.post(result.value, this, ++this.#posted);
  }

  /** Tells readers of the end, when the source has ended and its last ack is in. */
  #settle(): void {
    if (this.#end === undefined) {
      if (this.#sourceEnd === undefined || this.#outstanding > 0) return;
      this.#ended(this.#sourceEnd);
    }
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      if (typeof this.#end === "object") reader.reject(this.#end.problem);
      else reader.resolve({ value: undefined, done: true });
      this.#end = "done"; // an iteration rejects once
    }
  }

  /** Ends the stream before its time. */
  #stop(end: End): void {
    if (this.#end !== undefined) return;
    this.#ended(end);
    if (this.#sourceEnd === undefined) this.#closeSource();
    this.#early?.clear();
    if (this.#outstanding > 0) this.#outbox?.abandon(this, this.#outstanding);
    this.#settle();
  }

  #ended(end: End): void {
    this.#end = end;
    const { signal, deadlines, streams } = this.#options;
    if (this.#pending) deadlines.remove(this.#pending);
    if (this.#abort) signal?.removeEventListener("abort", this.#abort);
    streams.delete(this);
  }

  #closeSource(): void {
    try {
      const closing = this.#source?.return?.();
      // A source that fails while it is closed has nobody left to tell.
      if (closing instanceof Promise) closing.catch(() => {});
    } catch {}
  }
}

function iterate(messages: Messages): Iterator<Payload> | AsyncIterator<Payload> {
  if (typeof messages !== "string" && Symbol.asyncIterator in messages)
    return messages[Symbol.asyncIterator]();
  return messages[Symbol.iterator]();
}

import type { CircuitError } from "../core/error.js";
import type { Payload } from "./payload.js";
import type { TraceContext } from "./trace.js";
import type { SendSpan } from "./tracing.js";
import type { Outbox, Waiter } from "./waiter.js";

export interface TracedOutboxOptions {
  /** Begins the span of a message. */
  send(): SendSpan;
  /** Where a message of a trace goes; `ticket`: which of its waiter's it is. */
  find(trace: TraceContext | undefined, ticket: number): Outbox;
}

/** Where the messages of one `send()` or `stream()` go, each in a span of its own. */
export class TracedOutbox implements Outbox {
  readonly #options: TracedOutboxOptions;
  #waiter: TracedWaiter | undefined;
  #outbox: Outbox | undefined;

  constructor(options: TracedOutboxOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return this.#outbox?.hasRoom ?? false;
  }

  post(message: Payload, waiter: Waiter, ticket = 0): void {
    const span = this.#options.send();
    this.#outbox = this.#options.find(span.trace, ticket);
    this.#waiter ??= new TracedWaiter(waiter);
    this.#waiter.begin(ticket, span);
    this.#outbox.post(message, this.#waiter, ticket);
  }

  abandon(_waiter: Waiter, messages: number): void {
    if (this.#waiter === undefined) return;
    this.#outbox?.abandon(this.#waiter, messages);
    this.#waiter.endAll();
  }
}

/** Ends each message's span when its waiter is told. */
class TracedWaiter implements Waiter {
  readonly #waiter: Waiter;
  /** By ticket, the oldest first. */
  readonly #spans = new Map<number, SendSpan>();

  constructor(waiter: Waiter) {
    this.#waiter = waiter;
  }

  begin(ticket: number, span: SendSpan): void {
    this.#spans.set(ticket, span);
  }

  /** Nobody waits any more. */
  endAll(): void {
    for (const span of this.#spans.values()) span.end();
    this.#spans.clear();
  }

  get isGone(): boolean {
    return this.#waiter.isGone;
  }

  sent(): void {
    this.#waiter.sent();
  }

  acked(payload: Payload, ticket?: number): void {
    this.#take(ticket)?.end();
    this.#waiter.acked(payload, ticket);
  }

  failed(problem: CircuitError, ticket?: number): void {
    this.#take(ticket)?.end(problem);
    this.#waiter.failed(problem, ticket);
  }

  #take(ticket: number | undefined): SendSpan | undefined {
    const [oldest = 0] = this.#spans.keys();
    const span = this.#spans.get(ticket ?? oldest);
    this.#spans.delete(ticket ?? oldest);
    return span;
  }
}

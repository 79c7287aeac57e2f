import type { Clock } from "../../core/clock.js";
import type { CircuitError } from "../../core/error.js";
import type { Delivery } from "../mesh.js";
import type { Payload } from "../payload.js";
import { findTrace, type TraceContext } from "../trace.js";
import type { Headers } from "./records.js";

/** Time that a sender waits when it did not say, in milliseconds. */
export const DEFAULT_DEADLINE_MS = 30_000;

export interface InDeliveryOptions {
  readonly node: string;
  readonly channel: string;
  readonly message: Payload;
  readonly sequence: number;
  readonly headers: Headers | undefined;
  readonly clock: Clock;
  /** Identifies the message among all of its receiver's. */
  readonly key: () => string;
}

/** A message in its receiver's hands. What few handlers ask for is made when it is asked for. */
export class InDelivery implements Delivery {
  readonly channel: string;
  readonly message: Payload;
  readonly sequence: number;
  readonly #options: InDeliveryOptions;
  readonly #arrivedMs: number;
  #abort: AbortController | undefined;
  #cancelled: unknown;
  #trace: TraceContext | undefined;

  constructor(options: InDeliveryOptions) {
    this.channel = options.channel;
    this.message = options.message;
    this.sequence = options.sequence;
    this.#options = options;
    this.#arrivedMs = options.clock.now();
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#cancelled !== undefined) this.#abort.abort(this.#cancelled);
    return this.#abort.signal;
  }

  get node(): string {
    return this.#options.node;
  }

  /** Whether its sender said when it stops waiting, and has. */
  get isLate(): boolean {
    return this.hasDeadline && this.#options.clock.now() >= this.deadlineAtMs;
  }

  get hasDeadline(): boolean {
    return this.#options.headers?.deadlineMs !== undefined;
  }

  get deadlineAtMs(): number {
    return this.#arrivedMs + (this.#options.headers?.deadlineMs ?? DEFAULT_DEADLINE_MS);
  }

  get chain(): readonly string[] {
    return [...(this.#options.headers?.chain ?? []), `${this.#options.node}/${this.channel}`];
  }

  get trace(): TraceContext | undefined {
    const { headers } = this.#options;
    return this.#trace ?? findTrace(headers?.traceparent, headers?.tracestate);
  }

  /** For a span that handles it. */
  set trace(trace: TraceContext | undefined) {
    this.#trace = trace;
  }

  get deliveryCount(): number {
    return 1 + (this.#options.headers?.deliveries ?? 0);
  }

  get idempotencyKey(): string {
    return this.#options.headers?.key ?? this.#options.key();
  }

  get session(): string {
    const [session = ""] = this.#options.key().split("/", 1);
    return session;
  }

  /** Whether a handler of this very channel waits for this message. */
  get isCycle(): boolean {
    return this.#options.headers?.chain?.includes(`${this.#options.node}/${this.channel}`) ?? false;
  }

  /** Nobody waits for the answer any more. */
  cancel(reason: CircuitError): void {
    this.#cancelled = reason;
    this.#abort?.abort(reason);
  }
}

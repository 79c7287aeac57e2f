import type { Clock } from "../../core/clock.js";
import type { CircuitError } from "../../core/error.js";
import type { Delivery } from "../mesh.js";
import type { Payload } from "../payload.js";
import { findTrace, type TraceContext } from "../trace.js";
import { DEFAULT_DEADLINE_MS, type Headers } from "./records.js";

/** What the deliveries of one channel of one sender have in common. */
export interface DeliveryPlace {
  readonly node: string;
  readonly name: string;
  readonly clock: Clock;
  /** Identifies the session among all of its receiver's, and the channel. */
  readonly key: string;
  /** Name of the sender's node; empty where it gave none. */
  readonly from: string;
  /** Whether their sender has proved its name. */
  readonly isProven: boolean;
  /** Nodes and channels whose handlers wait for the messages, outermost first; then this one. */
  readonly chain: readonly string[];
  /** Whether a handler of this very channel waits for the messages. */
  readonly isCycle: boolean;
}

/** The same place, for messages that those handlers wait for. */
export function calledBy(place: DeliveryPlace, callers: readonly string[]): DeliveryPlace {
  const { node, name, clock, key, from } = place;
  const address = `${node}/${name}`;
  return {
    ...{ node, name, clock, key, from, chain: [...callers, address], isCycle: callers.includes(address) },
    get isProven() {
      return place.isProven;
    },
  };
}

/** A message in its receiver's hands. What few handlers ask for is made when it is asked for. */
export class InDelivery implements Delivery {
  readonly message: Payload;
  readonly sequence: number;
  /** What it takes of the window's bytes. */
  readonly bytes: number;
  readonly #place: DeliveryPlace;
  readonly #headers: Headers | undefined;
  readonly #arrivedMs: number;
  #abort: AbortController | undefined;
  #cancelled: unknown;
  #trace: TraceContext | undefined;

  constructor(
    place: DeliveryPlace,
    sequence: number,
    message: Payload,
    headers: Headers | undefined,
    arrivedMs: number,
    bytes: number,
  ) {
    this.message = message;
    this.sequence = sequence;
    this.#place = place;
    this.#headers = headers;
    this.#arrivedMs = arrivedMs;
    this.bytes = bytes;
  }

  get channel(): string {
    return this.#place.name;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#cancelled !== undefined) this.#abort.abort(this.#cancelled);
    return this.#abort.signal;
  }

  get node(): string {
    return this.#place.node;
  }

  /** Whether its sender said when it stops waiting, and has. */
  get isLate(): boolean {
    return this.hasDeadline && this.#place.clock.now() >= this.deadlineAtMs;
  }

  get hasDeadline(): boolean {
    return this.#headers?.deadlineMs !== undefined;
  }

  get deadlineAtMs(): number {
    return this.#arrivedMs + (this.#headers?.deadlineMs ?? DEFAULT_DEADLINE_MS);
  }

  get chain(): readonly string[] {
    return this.#place.chain;
  }

  get trace(): TraceContext | undefined {
    return this.#trace ?? findTrace(this.#headers?.traceparent, this.#headers?.tracestate);
  }

  /** For a span that handles it. */
  set trace(trace: TraceContext | undefined) {
    this.#trace = trace;
  }

  get from(): string {
    return this.#place.from;
  }

  get isProven(): boolean {
    return this.#place.isProven;
  }

  get deliveryCount(): number {
    return 1 + (this.#headers?.deliveries ?? 0);
  }

  get idempotencyKey(): string {
    return this.#headers?.key ?? `${this.#place.key}/${this.sequence}`;
  }

  get session(): string {
    const [session = ""] = this.#place.key.split("/", 1);
    return session;
  }

  /** Whether a handler of this very channel waits for this message. */
  get isCycle(): boolean {
    return this.#place.isCycle;
  }

  /** Nobody waits for the answer any more. */
  cancel(reason: CircuitError): void {
    this.#cancelled = reason;
    this.#abort?.abort(reason);
  }
}

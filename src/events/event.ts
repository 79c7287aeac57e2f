import type { EventHeaders, PublishOptions } from "../mesh/event.js";
import type { Payload } from "../mesh/payload.js";

/** Something that happened, as an observer is told of it. Shared with other observers of this process: do not change it. */
export interface ObservedEvent<Data = Payload> {
  readonly subject: string;
  /** What was published; with a schema, what that made of it. */
  readonly data: Data;
  readonly headers: EventHeaders;
  /** When it arrived here, or, a durable one, in its stream, in milliseconds of the Unix epoch. */
  readonly at: number;
}

/** What a handler may know beside the event. */
export interface ObserverContext {
  /** Aborts when the handler's time is over, or the grace of a circuit that stops: what it does then counts for nothing. */
  readonly signal: AbortSignal;
  /** 1, or more where it failed before, or, for a durable event, was handed to somebody who did not handle it. */
  readonly deliveryCount: number;
  /** Of a durable event: the same for every delivery. */
  readonly id?: string | undefined;
  /**
   * Tells all who observe a subject that something happened, in the name of the observer's node, or without one in that of
   * its circuit. It belongs to the trace of the event.
   *
   * @returns How many were known to listen; `undefined` over NATS, which does not tell.
   * @throws {CircuitError} `MESSAGE_INVALID` for a subject or data that cannot be, `ACCESS_DENIED` where that node may not.
   */
  publish(subject: string, data: Payload, options?: Omit<PublishOptions, "from">): number | undefined;
}

/**
 * Reacts to an event. One that throws, or rejects, is called again as often as `retries` says, and then the error is
 * published to `circuit.errors.⟨node⟩`.
 */
export type ObserverHandler<Data = Payload> = (
  event: ObservedEvent<Data>,
  context: ObserverContext,
) => unknown;

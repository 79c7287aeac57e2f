import type { CircuitError } from "../core/error.js";
import type { Payload } from "./payload.js";

/** Who waits for the ack of a message, or of several. */
export interface Waiter {
  /** Nobody waits any more; what still comes is dropped. */
  readonly isGone: boolean;
  /** A message of its own that had to queue has been handed to the link. */
  sent(): void;
  /** The ack of one of its messages; without a ticket, of its oldest. */
  acked(payload: Payload, ticket?: number): void;
  /** One of its messages will have no ack; without a ticket, its oldest. */
  failed(problem: CircuitError, ticket?: number): void;
}

/** Where messages to one channel of one target go. */
export interface Outbox {
  /** Whether a message would be handed to the link at once. */
  readonly hasRoom: boolean;

  /**
   * Sends a checked message, now or as soon as there is a link with room.
   *
   * @param ticket Which of the waiter's messages it is, because acks may come in another order.
   */
  post(message: Payload, waiter: Waiter, ticket?: number): void;

  /** A waiter is gone, and with it the interest in so many messages. */
  abandon(waiter: Waiter, messages: number): void;
}

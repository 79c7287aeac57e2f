import type { CircuitError } from "../core/error.js";
import type { Payload } from "./payload.js";

/** Who waits for the ack of a message, or of several. */
export interface Waiter {
  /** Nobody waits any more; what still comes is dropped. */
  readonly isGone: boolean;
  /** A message of its own that had to queue has been handed to the link. */
  sent(): void;
  /** The ack of its oldest message. */
  acked(payload: Payload): void;
  /** Its oldest message without an ack will have none. */
  failed(problem: CircuitError): void;
}

/** Where messages to one channel of one target go. */
export interface Outbox {
  /** Whether a message would be handed to the link at once. */
  readonly hasRoom: boolean;

  /** Sends a checked message, now or as soon as there is a link with room. */
  post(message: Payload, waiter: Waiter): void;

  /** A waiter is gone, and with it the interest in so many messages. */
  abandon(waiter: Waiter, messages: number): void;
}

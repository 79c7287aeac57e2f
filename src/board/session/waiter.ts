import type { CircuitError } from "../../core/error.js";
import type { PinRecord } from "./pin-memory.js";

/** Somebody who waits for a confirmation. */
export interface Waiter {
  /** The pins that it is about, as they are to be. */
  readonly pins: readonly PinRecord[];
  /** Number of the last digital write that an echo must have counted; 0 where none is waited for. */
  readonly writes: number;
  /** Answers to queries still to come. */
  queries: number;
  readonly deadlineMs: number;
  failure: CircuitError | undefined;
  readonly resolve: () => void;
  readonly reject: (error: CircuitError) => void;
}

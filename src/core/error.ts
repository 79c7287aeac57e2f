import { printableLines } from "./printable.js";

/** Every way in which circuit says that something could not be done. */
export type CircuitErrorCode =
  // Arguments and configuration
  | "USAGE"
  | "CONFIG_INVALID"
  | "WIRING_INVALID"
  | "PIN_NOT_WIRED"
  | "SKETCH_UNKNOWN"
  // A board's port
  | "PORT_MISSING"
  | "PORT_DENIED"
  | "PORT_BUSY"
  | "PORT_AMBIGUOUS"
  | "LINK_CLOSED"
  | "LINK_FAILED"
  // A board
  | "BOARD_SILENT"
  | "BOARD_NOT_FIRMATA"
  | "BOARD_WRONG_BAUD"
  | "BOARD_LOST"
  | "BOARD_CHANGED"
  | "SWAP_REFUSED"
  | "FIRMATA_INVALID"
  | "FIRMWARE_INVALID"
  | "CHIP_REFUSED"
  | "FLASH_FAILED"
  | "PIN_UNCONFIRMED"
  | "SUPERSEDED"
  | "OUTBOX_FULL"
  | "PIN_REFUSED"
  | "TONE_REFUSED"
  // The mesh
  | "ADDRESS_BUSY"
  | "ADDRESS_INVALID"
  | "PEER_UNKNOWN"
  | "PEER_MISSING"
  | "PEER_LOST"
  | "PEER_REFUSED"
  | "MESSAGE_INVALID"
  | "EVENT_UNKEPT"
  | "COMMAND_FAILED"
  | "NOT_RUN"
  | "DELIVERY_UNKNOWN"
  | "CALL_CYCLE"
  | "ACCESS_DENIED"
  // Flows
  | "FLOW_FAILED"
  // Tests
  | "EXPECTATION_FAILED"
  | "REPLAY_DIFFERED"
  // Anything
  | "TIMEOUT"
  | "FILE_FAILED";

export interface CircuitErrorOptions {
  /** What to do about it, one imperative sentence. */
  readonly hint?: string;
  /** What went wrong below. */
  readonly cause?: unknown;
}

/**
 * The one error that circuit throws.
 *
 * Messages have one grammar: "Cannot ⟨do what⟩: ⟨current state, with numbers⟩". Programs switch on
 * `code`, which is stable; people read `message` and follow `hint`.
 */
export class CircuitError extends Error {
  readonly code: CircuitErrorCode;
  readonly hint: string | undefined;

  constructor(code: CircuitErrorCode, message: string, { hint, cause }: CircuitErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CircuitError";
    this.code = code;
    this.hint = hint;
  }
}

/** What an unknown thrown value says, for the second half of a message. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What is told to a person of what was thrown, in characters: a message and the beginning of its trace. */
const MOST_TOLD = 4_096;

/** For a person, and their terminal: of our own errors with what to do, of others with where in the sketch. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof CircuitError)
    return printableLines(thrown.hint ? `${thrown.message}\n  ${thrown.hint}` : thrown.message, MOST_TOLD);
  return printableLines(
    thrown instanceof Error ? (thrown.stack ?? thrown.message) : textOf(thrown),
    MOST_TOLD,
  );
}

/** Anything can be thrown, also what has no text. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

import { CircuitError, type CircuitErrorCode } from "../core/error.js";
import { ExitWith, Interrupted } from "./cli.js";

/** Exit codes, where a failure has one of its own (sysexits.h). Every other failure exits with 1. */
const EXIT_CODES: Partial<Record<CircuitErrorCode, number>> = {
  USAGE: 2,
  MESSAGE_INVALID: 65,
  PORT_MISSING: 69,
  PORT_AMBIGUOUS: 69,
  BOARD_SILENT: 69,
  BOARD_NOT_FIRMATA: 69,
  BOARD_WRONG_BAUD: 69,
  SWAP_REFUSED: 69,
  CHIP_REFUSED: 69,
  PEER_MISSING: 69,
  PEER_UNKNOWN: 69,
  PEER_LOST: 69,
  DELIVERY_UNKNOWN: 69,
  TIMEOUT: 69,
  EVENT_UNKEPT: 69,
  BOARD_LOST: 74,
  LINK_FAILED: 74,
  FILE_FAILED: 74,
  FLASH_FAILED: 74,
  PIN_UNCONFIRMED: 74,
  OUTBOX_FULL: 75,
  PORT_BUSY: 75,
  ADDRESS_BUSY: 75,
  PORT_DENIED: 77,
  ACCESS_DENIED: 77,
  ADDRESS_INVALID: 78,
  CONFIG_INVALID: 78,
  FIRMWARE_INVALID: 78,
  PIN_NOT_WIRED: 78,
  PIN_REFUSED: 78,
  WIRING_INVALID: 78,
};

/** The process's exit code for what a command threw. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof Interrupted || thrown instanceof ExitWith) return thrown.exitCode;
  if (!(thrown instanceof CircuitError)) return 1;
  // A flow fails because something in it did.
  if (thrown.code === "FLOW_FAILED" && thrown.cause !== undefined) return exitCodeOf(thrown.cause);
  return EXIT_CODES[thrown.code] ?? 1;
}

/** What is told of it on stderr, a line each; nothing where all is said. */
export function describeFailure(thrown: unknown): string[] {
  if (thrown instanceof Interrupted || thrown instanceof ExitWith) return [];
  if (thrown instanceof CircuitError) {
    return [`circuit: ${thrown.message}`, ...(thrown.hint === undefined ? [] : [`  ${thrown.hint}`])];
  }
  // Not one of ours: a mistake in a sketch, or in circuit, which its trace finds.
  return [`circuit: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`];
}

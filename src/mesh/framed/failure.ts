import { CircuitError, type CircuitErrorCode } from "../../core/error.js";
import { printable } from "../../core/printable.js";
import { reasonOf } from "../text.js";
import { FAILURE_CODES, type Failure, type FailureCode } from "./records.js";

/** What a sender throws for each way to fail. */
const CODES = {
  FAILED: "PEER_REFUSED",
  CALL_CYCLE: "CALL_CYCLE",
  DEADLINE: "TIMEOUT",
  CANCELLED: "NOT_RUN",
  UNKNOWN: "DELIVERY_UNKNOWN",
  MISSING: "PEER_MISSING",
  LOST: "PEER_LOST",
  INVALID: "MESSAGE_INVALID",
  DENIED: "ACCESS_DENIED",
} as const satisfies Record<FailureCode, CircuitErrorCode>;

/** A failure that a receiver told of, as its sender's error. */
export function errorOf(target: string, failure: Failure): CircuitError {
  const { code, reason } = failure;
  const said = printable(reason);
  const text = code === "FAILED" ? `its handler failed: ${said}` : said;
  // The cause: whoever passes the message on tells its own sender the same.
  return new CircuitError(CODES[code], `Cannot get an ack from ${target}: ${text}`, {
    cause: new ToldFailure(failure),
  });
}

/** What a handler threw, as its receiver tells of it. */
export function failureOf(thrown: unknown): Failure {
  return thrown instanceof ToldFailure ? thrown.failure : { code: "FAILED", reason: reasonOf(thrown) };
}

/**
 * A failure with a code of its own. A handler that throws it says what became of the message elsewhere, and not that it
 * failed itself.
 */
export class ToldFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/** What became of a message that was passed on, for its own sender. */
export function toldFailureOf(thrown: unknown): ToldFailure {
  if (!(thrown instanceof CircuitError)) return new ToldFailure({ code: "FAILED", reason: reasonOf(thrown) });
  if (thrown.cause instanceof ToldFailure) return thrown.cause;
  const code = BY_CODE.get(thrown.code) ?? "FAILED";
  return new ToldFailure({ code, reason: reasonOf(`its bridge ${thrown.message.replace(/^C/, "c")}`) });
}

const BY_CODE: ReadonlyMap<CircuitErrorCode, FailureCode> = new Map([
  // The cast: the keys of the table are the codes.
  ...Object.entries(CODES).map(([code, thrown]) => [thrown, code as FailureCode] as const),
  ["PEER_UNKNOWN", "MISSING"],
]);

/** A failure, of which a peer may have told anything. */
export function parseFailure(value: unknown): Failure {
  const { code, reason } = Object(value) as { code?: unknown; reason?: unknown };
  return {
    code: FAILURE_CODES.find((known) => known === code) ?? "FAILED",
    reason: typeof reason === "string" ? reason : "no reason given",
  };
}

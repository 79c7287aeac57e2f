import { CircuitError } from "../core/error.js";
import { printable } from "../core/printable.js";

/** Time that running handlers have when the listening ends, in milliseconds: as long as a person waits. */
export const GRACE_MS = 5_000;

/** Whether a failure says that nobody tried. */
export function isNotRun(error: unknown): boolean {
  return error instanceof CircuitError && error.code === "NOT_RUN";
}

/** A handler has to end now. */
export function graceOver(): CircuitError {
  return new CircuitError("NOT_RUN", `Cannot finish an event: the listening ended ${GRACE_MS} ms ago`);
}

/** A durable event is for somebody else. */
export function notTaken(subject: string): CircuitError {
  return new CircuitError(
    "NOT_RUN",
    `Cannot handle an event of ${printable(subject)}: there is no place for it, or the listening ends`,
  );
}

/** Nothing came in time. */
export function silent(patterns: readonly string[], silenceMs: number): CircuitError {
  return new CircuitError(
    "TIMEOUT",
    `Cannot hear ${patterns.join(" or ")}: nothing came for ${silenceMs} ms`,
    {
      hint: "See that somebody publishes there, or wait longer with --timeout.",
    },
  );
}

import { CircuitError } from "../core/error.js";

/** Time that running handlers have when the listening ends, in milliseconds: as long as a person waits. */
export const GRACE_MS = 5_000;

/** A handler has to end now. */
export function graceOver(): CircuitError {
  return new CircuitError("NOT_RUN", `Cannot finish an event: the listening ended ${GRACE_MS} ms ago`);
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

import { CircuitError } from "../core/error.js";

/** Lead that a mesh's patience has on the time for an answer, in milliseconds: it knows better what is missing. */
export const MISSING_FIRST_MS = 100;

/** A message that was not acknowledged in time. */
export interface Late {
  readonly from: string;
  readonly target: string;
  /** What the sketch gave it, in milliseconds, where it did. */
  readonly deadlineMs: number | undefined;
  /** What it has otherwise, in milliseconds. */
  readonly usualMs: number;
}

/** @throws {CircuitError} `USAGE` for what is no time. */
export function checkDeadline(deadlineMs: number): number {
  if (deadlineMs >= 0) return deadlineMs;
  throw new CircuitError("USAGE", `Cannot wait for an acknowledgement: a deadline of ${deadlineMs} ms`, {
    hint: "Give `deadlineMs` as a number of milliseconds from now.",
  });
}

export function lateError({ from, target, deadlineMs, usualMs }: Late, cause: unknown): CircuitError {
  const within = `${(deadlineMs ?? usualMs) / 1_000} s`;
  const more = deadlineMs === undefined ? "--timeout" : "`deadlineMs`";
  return new CircuitError(
    "TIMEOUT",
    `Cannot send from ${from} to ${target}: no acknowledgement within ${within}`,
    {
      hint: `Check that ${target} is running and not stuck, or allow more time with ${more}.`,
      cause,
    },
  );
}

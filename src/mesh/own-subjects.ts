import { encodeToken } from "./nats/subjects.js";

/** Where failures of observers are published, each under its node's name as one word. */
export const ERRORS = "circuit.errors.";

/** The subject that a node's failures are published to: other characters than letters, digits, `-` and `_` as `=HH`. */
export function errorSubjectOf(node: string): string {
  return ERRORS + encodeToken(node);
}

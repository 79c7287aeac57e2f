import { CircuitError } from "../core/error.js";

/** The error of a pin that the wiring lacks, with who wanted it; any other as it is. */
export function namingUnwired(what: string, error: unknown): unknown {
  if (!(error instanceof CircuitError) || error.code !== "PIN_NOT_WIRED") return error;
  const message = `Cannot set up ${what}: ${error.message.replace(/^C/, "c")}`;
  return new CircuitError(error.code, message, { ...(error.hint && { hint: error.hint }), cause: error });
}

import { CircuitError, messageOf } from "../../core/error.js";

/** Whether a request failed because nobody listens to its subject. */
export function isNobody(error: unknown): boolean {
  return error instanceof Error && /no responders/i.test(`${error.message} ${messageOf(error.cause)}`);
}

/** Why a node could not be asked. */
export function describeMissing(target: string, error: unknown): CircuitError {
  if (error instanceof CircuitError) return error;
  const reason = isNobody(error) ? "no node of that name is connected to it" : messageOf(error);
  return new CircuitError("PEER_MISSING", `Cannot reach ${target} over NATS: ${reason}`, {
    hint: `Start ${target}, with the same --mesh.`,
    cause: error,
  });
}

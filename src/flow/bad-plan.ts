import { CircuitError } from "../core/error.js";

/** Says that a pipeline cannot be run as it is given. */
export function badPlan(manager: string, problem: string, hint?: string): CircuitError {
  return new CircuitError("CONFIG_INVALID", `Cannot build the pipeline ${manager}: ${problem}`, {
    ...(hint !== undefined && { hint }),
  });
}

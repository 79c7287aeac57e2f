import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";

/** What the file system threw, as an error of ours. One of ours stays as it is. */
export function fileFailure(what: string, cause: unknown, hint?: string): CircuitError {
  if (cause instanceof CircuitError) return cause;
  return new CircuitError("FILE_FAILED", `Cannot ${what}: ${describeFileProblem(cause)}`, {
    cause,
    ...(hint !== undefined && { hint }),
  });
}

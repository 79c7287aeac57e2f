/** What may go well when it is tried again: the server is away, chooses a leader, or takes too long. */
export class TryAgain extends Error {}

/** What the client throws where the server is away, or nobody has answered; by name, as its own code tells them. */
const PASSING: ReadonlySet<string> = new Set([
  "ClosedConnectionError",
  "ConnectionError",
  "DrainingConnectionError",
  "NoResponders",
  "RequestError",
  "TimeoutError",
]);

/** What it throws for what was asked. A request's error has it as its cause. */
export const REFUSED: ReadonlySet<string> = new Set([
  "InvalidArgumentError",
  "InvalidNameError",
  "InvalidSubjectError",
]);

/** Whether what was thrown may be gone at the next try. */
export function isPassing(thrown: unknown): boolean {
  if (thrown instanceof TryAgain) return true;
  const [name = "", cause] = namesOf(thrown);
  return PASSING.has(name) && !REFUSED.has(cause ?? "") && cause !== "PermissionViolationError";
}

/** The names of an error, and of its cause. */
export function namesOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error)) return [];
  return thrown.cause instanceof Error ? [thrown.name, thrown.cause.name] : [thrown.name];
}

import { badPlan } from "./bad-plan.js";
import type { ManagerOptions } from "./manager.js";
import { ERROR_POLICIES } from "./part.js";

/** @throws {CircuitError} `CONFIG_INVALID`, about the first thing that is wrong with what a manager says of itself. */
export function checkManager({ name, protocol, onError, restart = {}, graceMs }: ManagerOptions): void {
  const oneOf = (value: string | undefined, what: string, allowed: readonly string[]): void => {
    if (value === undefined || allowed.includes(value)) return;
    throw badPlan(name, `its ${what} is ${value}, none of ${allowed.join(", ")}`);
  };
  // What is no number is not at least anything.
  const atLeast = (value: number | undefined, what: string, least: number): void => {
    if (value === undefined || value >= least) return;
    throw badPlan(name, `its ${what} is ${value}, not a number from ${least} on`);
  };
  oneOf(protocol, "protocol", ["sync", "async"]);
  oneOf(onError, "onError", ERROR_POLICIES);
  atLeast(graceMs, "graceMs", 0);
  atLeast(restart.firstMs, "restart.firstMs", 0);
  atLeast(restart.longestMs, "restart.longestMs", 0);
  atLeast(restart.factor, "restart.factor", 1);
  atLeast(restart.most, "restart.most", 0);
  atLeast(restart.withinMs, "restart.withinMs", 0);
}

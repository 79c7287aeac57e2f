import { systemClock } from "../../core/clock.js";
import { Flow } from "../../flow/flow.js";
import type { Manager } from "../../flow/manager.js";
import type { Plan } from "../../flow/plan.js";
import type { ChosenFlow } from "./choose-flow.js";
import { idleHost } from "./idle-host.js";
import { checkManagerNames, makeManagers } from "./load-flow.js";

/** A pipeline that can be run, and is not. */
export interface SeenPipeline {
  readonly manager: Manager;
  readonly plan: Plan;
}

/**
 * The pipelines of a flow, checked as if it were to run: nothing is opened and nothing begins.
 *
 * @throws {CircuitError} `CONFIG_INVALID` for what is wrong with it, `USAGE` for a manager that it does not have; what a
 *   manager's `build()` throws.
 */
export async function lookAtFlow(
  { name, entry, definition }: ChosenFlow,
  { log, signal }: { readonly log: (text: string) => void; readonly signal: AbortSignal },
): Promise<readonly SeenPipeline[]> {
  const host = idleHost({ name, settings: entry.settings ?? {}, log, signal });
  const managers = await makeManagers(definition, host);
  checkManagerNames(name, managers, entry.managers);
  // That their names differ is the flow's to see.
  new Flow({ name, managers, clock: systemClock });
  return managers
    .filter((manager) => entry.managers?.includes(manager.name) ?? true)
    .map((manager) => {
      const plan = manager.plan();
      manager.release(plan);
      return { manager, plan };
    });
}

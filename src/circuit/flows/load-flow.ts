import { type CodeKind, loadCode } from "../../config/load.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { Manager } from "../../flow/manager.js";
import type { FlowDefinition, FlowHost } from "./flow-file.js";

const FLOW_FILE: CodeKind = {
  noun: "a flow",
  choose: "Give the path of a flow's file, in TypeScript or JavaScript.",
  holds: "`export default defineFlow({ … })`",
};

/** As that of a node, which a flow is to those who hear of its failures. */
const NAME = /^[a-zA-Z0-9][\w-]{0,62}$/;

/**
 * Loads a flow's file.
 *
 * @throws {CircuitError} `CONFIG_INVALID` when it is missing, fails to load, could be changed by other users, or exports no
 *   flow.
 */
export async function loadFlow(path: string): Promise<FlowDefinition> {
  const value = await loadCode(path, FLOW_FILE);
  const problem = findProblem(value);
  // The cast: what a function of the user's makes is looked at when it is called.
  if (problem === undefined) return value as FlowDefinition;
  throw new CircuitError("CONFIG_INVALID", `Cannot use ${path}: ${problem}`, {
    hint: `It must ${FLOW_FILE.holds}, with a name and managers.`,
  });
}

function findProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return `its default export is ${typeof value}, no flow`;
  // What has no default export comes as all that it exports.
  if (!("name" in value || "managers" in value)) return "it has no default export that is a flow";
  const { name, managers } = value as { readonly [key: string]: unknown };
  if (typeof name !== "string" || !NAME.test(name))
    return `the name of its flow is ${JSON.stringify(name) ?? typeof name}, not 1 to 63 letters, digits, - and _`;
  if (typeof managers === "function") return undefined;
  return Array.isArray(managers) ? findManagersProblem(managers) : "its flow has no managers";
}

function findManagersProblem(managers: readonly unknown[]): string | undefined {
  if (managers.length === 0) return "its list of managers is empty";
  const wrong = managers.findIndex((manager) => !(manager instanceof Manager));
  return wrong === -1 ? undefined : `manager ${wrong + 1} of its list is none`;
}

/**
 * The managers of a flow, made where they are still to be made.
 *
 * @throws {CircuitError} `CONFIG_INVALID` where what makes them fails or makes none; what the host throws it; its signal's
 *   own reason.
 */
export async function makeManagers(
  { managers }: FlowDefinition,
  host: FlowHost,
): Promise<readonly Manager[]> {
  if (typeof managers !== "function") return managers;
  let made: unknown;
  try {
    made = await managers(host);
  } catch (cause) {
    host.signal.throwIfAborted();
    if (cause instanceof CircuitError) throw cause;
    throw unmade(host, `its managers() has failed: ${messageOf(cause)}`, {
      hint: "Give it what it asks for, or mend managers() in the flow's file.",
      cause,
    });
  }
  const problem = Array.isArray(made) ? findManagersProblem(made) : `its managers() gave ${typeof made}`;
  if (problem !== undefined) throw unmade(host, problem);
  // The cast: each has just been looked at.
  return made as readonly Manager[];
}

/** @throws {CircuitError} `USAGE` for a name that no manager has. */
export function checkManagerNames(
  flow: string,
  managers: readonly Manager[],
  names: readonly string[] | undefined,
): void {
  const known = managers.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new CircuitError(
    "USAGE",
    `Cannot run ${unknown} of the flow ${flow}: its managers are ${known.join(", ")}`,
    { hint: "Look for a slip in its spelling, in --manager or in the configuration." },
  );
}

function unmade(
  { name }: FlowHost,
  problem: string,
  why: { readonly hint: string; readonly cause?: unknown } = {
    hint: "managers() must return a list of what `new Manager({ … })` makes.",
  },
): CircuitError {
  return new CircuitError("CONFIG_INVALID", `Cannot make the flow ${name}: ${problem}`, why);
}

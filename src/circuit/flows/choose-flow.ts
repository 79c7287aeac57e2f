import { existsSync } from "node:fs";
import { extname } from "node:path";
import type { CircuitDefinition, FlowEntry } from "../../config/define.js";
import { findConfig, loadConfig } from "../../config/load.js";
import { isEventPin } from "../../config/pins.js";
import { CircuitError } from "../../core/error.js";
import type { FlowDefinition } from "./flow-file.js";
import { loadFlow } from "./load-flow.js";

/** A flow that a person has named. */
export interface ChosenFlow {
  readonly name: string;
  readonly entry: FlowEntry;
  readonly definition: FlowDefinition;
  /** The configuration without all else that acts: its boards, its mesh, and the flow. */
  readonly circuit: CircuitDefinition;
}

export interface ChooseFlowOptions {
  /** Where a configuration is looked for. */
  readonly folder: string;
  /** Path of the configuration; that of the folder where none is given, and none where it has none. */
  readonly config: string | undefined;
  /** Managers that run, in place of those that the configuration names. */
  readonly managers: readonly string[] | undefined;
}

/**
 * Finds a flow by its name in the configuration, or by its file.
 *
 * @throws {CircuitError} `USAGE` where it is neither; what `loadConfig()` and `loadFlow()` throw.
 */
export async function chooseFlow(
  given: string,
  { folder, config, managers }: ChooseFlowOptions,
): Promise<ChosenFlow> {
  const path = config ?? findConfig(folder);
  const circuit = path === undefined ? undefined : await loadConfig(path);
  const known = circuit?.flows?.[given];
  const file = known?.file ?? given;
  if (known === undefined && !existsSync(file) && extname(file) === "") throw unknown(given, path, circuit);
  const definition = await loadFlow(file);
  const name = known === undefined ? definition.name : given;
  const entry = { ...known, file, ...(managers && { managers }) };
  return { name, entry, definition, circuit: { ...quiet(circuit), flows: { [name]: entry } } };
}

/** What a circuit stands on, and how its pins are left, without what acts on it. */
function quiet({ nodes, observers, flows, pins = {}, ...rest }: CircuitDefinition = {}): CircuitDefinition {
  return { ...rest, pins: Object.fromEntries(Object.entries(pins).filter(([, pin]) => !isEventPin(pin))) };
}

function unknown(
  given: string,
  path: string | undefined,
  circuit: CircuitDefinition | undefined,
): CircuitError {
  const names = Object.keys(circuit?.flows ?? {});
  const where =
    path === undefined ? "there is no configuration" : `${path} has ${names.join(", ") || "none"}`;
  return new CircuitError("USAGE", `Cannot find the flow ${given}: it is no file, and ${where}`, {
    hint: "Give the path of a flow's file, or the name of one in the configuration's flows.",
  });
}

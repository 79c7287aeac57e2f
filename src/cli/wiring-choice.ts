import { type CircuitDefinition, DEFAULT_BOARD } from "../config/define.js";
import { CircuitError } from "../core/error.js";
import type { Wiring } from "../wiring/wiring.js";
import type { Cli } from "./cli.js";

/** A wiring that a person chose. */
export interface ChosenWiring {
  readonly wiring: Wiring;
  /** The file's text, for the lines of its parts. */
  readonly text: string;
  /** The circuit that has it, where a configuration was chosen. */
  readonly definition: CircuitDefinition | undefined;
}

/** What the commands about wirings take. */
export const WIRING_ARGUMENT = [
  "[file]",
  "wiring in Wokwi's format, or a configuration that has one (default: this folder's, else the example's)",
] as const;

/**
 * The wiring of a file, of a configuration, or of the example circuit.
 *
 * @throws {CircuitError} `FILE_FAILED` or `WIRING_INVALID`; `CONFIG_INVALID`, also for a configuration without a wiring.
 */
export async function chosenWiring(cli: Cli, file: string | undefined): Promise<ChosenWiring> {
  const { EXAMPLE_WIRING, exampleCircuit } = await import("../circuit/example.js");
  const { findConfig } = await import("../config/load.js");
  const path = file ?? findConfig(cli.folder);
  if (path === undefined) return loadFrom(EXAMPLE_WIRING, exampleCircuit(DEFAULT_BOARD));
  if (!(await isConfig(path))) return loadFrom(path, undefined);
  const { loadConfig } = await import("../config/load.js");
  const definition = await loadConfig(path);
  if (definition.wiring !== undefined) return loadFrom(definition.wiring, definition);
  throw new CircuitError("CONFIG_INVALID", `Cannot find the wiring of ${path}: it has none`, {
    hint: "Name a wiring in `wiring`, or give the path of one.",
  });
}

async function loadFrom(path: string, definition: CircuitDefinition | undefined): Promise<ChosenWiring> {
  const { readWiringText } = await import("../circuit/boards.js");
  const { readWiring } = await import("../wiring/read.js");
  const text = await readWiringText(path);
  return { wiring: readWiring(text, path), text, definition };
}

/** A configuration is code, or JSON that has nothing of a wiring. */
async function isConfig(path: string): Promise<boolean> {
  if (/\.(?:[cm]?js|[cm]?ts)$/.test(path)) return true;
  if (!path.endsWith(".json")) return false;
  const { readWiringText } = await import("../circuit/boards.js");
  try {
    const json: unknown = JSON.parse(await readWiringText(path));
    const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
    return isObject && !("parts" in json) && !("connections" in json) && Object.keys(json).length > 0;
  } catch {
    // What is wrong with it is told by who reads it as a wiring.
    return false;
  }
}

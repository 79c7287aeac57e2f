import type { Command } from "commander";
import type { ChosenFlow } from "../circuit/flows/choose-flow.js";
import type { Cli } from "./cli.js";

/** What every command takes that looks for a flow. */
export interface FlowFlags {
  readonly config?: string;
  readonly manager?: readonly string[];
}

/** Adds which flow, and which of its managers. */
export function addFlowFlags(command: Command): Command {
  return command
    .argument("<flow>", "file that defines it, or its name in the configuration")
    .option("--config <file>", "configuration (default: circuit.config.{ts,js,json} of this folder, if any)")
    .option("--manager <name>", "this one of its managers only; may be repeated", collect);
}

/** Finds the flow that the arguments name. */
export async function chosenFlow(
  cli: Cli,
  given: string,
  { config, manager: managers }: FlowFlags,
): Promise<ChosenFlow> {
  const { chooseFlow } = await import("../circuit/flows/choose-flow.js");
  return chooseFlow(given, { folder: cli.folder, config, managers });
}

function collect(given: string, names: readonly string[] = []): readonly string[] {
  return [...names, given];
}

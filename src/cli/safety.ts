import type { Command } from "commander";
import type { SecurityDefinition } from "../config/define.js";

/** What every command takes that lets others in, or looks for them. */
export interface SafetyFlags {
  readonly plain: boolean;
  readonly allowAnyone?: boolean;
}

export function addSafetyFlags(command: Command): Command {
  return command
    .option("--no-plain", "speak circuit.1 only: the plain protocol proves nothing")
    .option(
      "--allow-anyone",
      "without credentials, listen beyond this machine, where anybody may then drive the nodes, and believe who answers",
    );
}

/** What a configuration says of safety, with the given flags. */
export function withSafetyFlags(
  security: SecurityDefinition | undefined,
  { plain, allowAnyone }: SafetyFlags,
): SecurityDefinition {
  return { ...security, ...(!plain && { plain }), ...(allowAnyone === true && { anyone: true }) };
}

import { Command } from "commander";
import { CircuitError } from "../core/error.js";
import type { Cli } from "./cli.js";
import { addShrinkFlags, type ShrinkFlags, shrinkFile } from "./shrink.js";

interface RecordFlags extends ShrinkFlags {
  readonly shrink?: boolean;
}

/** `circuit record`: other files out of a recording. */
export function recordCommand(cli: Cli): Command {
  const command = new Command("record")
    .description("make other files of a recording")
    .argument("<file>", "what `circuit run --record` has made")
    .argument("[test...]", "with --shrink: a command that fails, after --");
  return addShrinkFlags(command).action(async (file: string, test: readonly string[], flags: RecordFlags) => {
    if (!flags.shrink)
      throw new CircuitError("USAGE", `Cannot make anything of ${file}: nothing is asked for`, {
        hint: "Give --shrink and a command that fails.",
      });
    await shrinkFile(cli, { file, test, flags });
  });
}

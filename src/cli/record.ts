import { Command } from "commander";
import { CircuitError } from "../core/error.js";
import type { Cli } from "./cli.js";
import { addShrinkFlags, type ShrinkFlags, shrinkFile } from "./shrink.js";

interface RecordFlags extends ShrinkFlags, ExportFlags {
  readonly shrink?: boolean;
}

interface ExportFlags {
  readonly vcd?: string;
  readonly wav?: string;
  readonly csv?: string;
  readonly wiring?: string;
}

/** `circuit record`: other files out of a recording. */
export function recordCommand(cli: Cli): Command {
  const command = new Command("record")
    .description("make other files of a recording")
    .argument("<file>", "what `circuit run --record` has made")
    .argument("[test...]", "with --shrink: a command that fails, after --")
    .option("--vcd <file>", "levels of all pins, for GTKWave or PulseView; `-` is stdout, here and below")
    .option("--wav <file>", "what piezos sound")
    .option("--csv <file>", "readings of analog inputs, as a table")
    .option("--wiring <file>", "wiring in Wokwi's format: names of parts, and which pins have piezos");
  return addShrinkFlags(command).action(async (file: string, test: readonly string[], flags: RecordFlags) => {
    const { shrink = false, vcd, wav, csv } = flags;
    const isExport = [vcd, wav, csv].some((output) => output !== undefined);
    if (shrink && isExport)
      throw new CircuitError(
        "USAGE",
        `Cannot make files of ${file}: --shrink makes another recording of it`,
        {
          hint: "Shrink it first, then make files of <file>.shrunk.circuit.",
        },
      );
    if (!shrink && test.length > 0)
      throw new CircuitError("USAGE", `Cannot run ${test[0]}: a command is for --shrink only`, {
        hint: "Give --shrink too, or leave out what follows --.",
      });
    if (!shrink && !isExport)
      throw new CircuitError("USAGE", `Cannot make anything of ${file}: nothing is asked for`, {
        hint: "Give --vcd, --wav or --csv, or --shrink and a command that fails.",
      });
    if (shrink) await shrinkFile(cli, { file, test, flags });
    else await exportFile(cli, file, flags);
  });
}

async function exportFile(cli: Cli, file: string, { vcd, wav, csv, wiring }: ExportFlags): Promise<void> {
  const outputs = {
    ...(vcd !== undefined && { vcd }),
    ...(wav !== undefined && { wav }),
    ...(csv !== undefined && { csv }),
  };
  const { exportFiles } = await import("../circuit/recording-exports.js");
  const stdout = (bytes: Uint8Array) => cli.pass(bytes, "stdout");
  const done = await exportFiles(file, { outputs, wiring, stdout, signal: cli.signal });
  for (const { path, summary, emptiness } of done) {
    cli.log(`Wrote ${path === "-" ? "to stdout" : path}: ${summary}`);
    if (emptiness !== undefined) cli.log(`  the recording has ${emptiness}`);
  }
}

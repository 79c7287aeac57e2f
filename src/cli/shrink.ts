import { type Command, InvalidArgumentError } from "commander";
import { CircuitError } from "../core/error.js";
import type { ShrinkProgress } from "../record/shrink.js";
import type { Cli } from "./cli.js";
import { LiveBlock } from "./live-block.js";

export interface ShrinkFlags {
  readonly tries: number;
  readonly tryTimeout: number;
}

/** Enough for a recording of a few thousand stretches of which a few matter. */
const MOST_TRIES = 500;

/** How long a try may take, in seconds. */
const TRY_SECONDS = 60;

/** What `circuit record --shrink` takes. */
export function addShrinkFlags(command: Command): Command {
  return command
    .option("--shrink", "find the shortest recording on which a command, given after --, still fails")
    .option("--tries <number>", "with --shrink: runs of the command, at most", parseCount, MOST_TRIES)
    .option(
      "--try-timeout <seconds>",
      "with --shrink: time for one; longer is no failure",
      parseCount,
      TRY_SECONDS,
    )
    .addHelpText(
      "after",
      "\nThe command finds the recording to try in CIRCUIT_RECORDING; an exit code other than 0 is a failure. The\nshortest is written as <file>.shrunk.circuit, also after Ctrl-C:\n  circuit record trip.circuit --shrink -- node test.js",
    );
}

/** Shrinks a recording, and tells how that goes. */
export async function shrinkFile(
  cli: Cli,
  given: { readonly file: string; readonly test: readonly string[]; readonly flags: ShrinkFlags },
): Promise<void> {
  const { file, test, flags } = given;
  if (test.length === 0)
    throw new CircuitError("USAGE", `Cannot shrink ${file}: there is no test`, {
      hint: "Give a command that fails after --, for example: circuit record trip.circuit --shrink -- node test.js",
    });
  const { shrinkRecording } = await import("../circuit/shrink-recording.js");
  const block = cli.terminal && new LiveBlock(cli.terminal);
  try {
    const { path, entries, durationMs } = await shrinkRecording(file, {
      command: test,
      mostTries: flags.tries,
      limitMs: flags.tryTimeout * 1_000,
      ...{ env: cli.env, signal: cli.signal },
      progress: (progress) => block?.show([describe(progress)]),
    });
    block?.end();
    cli.print(
      `${path}: ${inSeconds(durationMs.after)} of ${inSeconds(durationMs.before)}, ${entries.after} of ${entries.before} entries`,
    );
  } finally {
    block?.end();
  }
  cli.signal.throwIfAborted();
}

function describe({ tries, entries, durationMs }: ShrinkProgress): string {
  return `${tries} tries: the shortest that fails has ${inSeconds(durationMs)}, ${entries} entries`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("It is a whole number above 0.");
}

import { styleText } from "node:util";
import { Command, InvalidArgumentError } from "commander";
import { unlessAborted } from "../core/abort.js";
import { TOLD_KINDS, type Told } from "../record/teller.js";
import type { Cli } from "./cli.js";

interface ReplayFlags {
  readonly speed: number;
  readonly from: number;
  readonly only: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `circuit replay`: shows what a recording has. */
export function replayCommand(cli: Cli): Command {
  return new Command("replay")
    .description("play a recording: print what happened, at its pace")
    .argument("<file>", "recording, as `circuit run --record` makes it")
    .option("--speed <times>", "how many times as fast, or max", parseSpeed, 1)
    .option("--from <time>", "where to begin: milliseconds, or mm:ss", parseTime, 0)
    .option(
      "--only <what,…>",
      `kinds (${TOLD_KINDS.join(", ")}), numbers of pins, names of boards, nodes and subjects`,
      parseWords,
      [],
    )
    .option("--json", "print each thing as a line of JSON")
    .option("--quiet", "print how long it is and what is in it only")
    .addHelpText(
      "after",
      "\nTo run a sketch on a recorded board instead: circuit run --board replay:FILE[?board=NAME]",
    )
    .action((file: string, flags: ReplayFlags) => replay(cli, file, flags));
}

async function replay(
  cli: Cli,
  file: string,
  { speed, from, only, json, quiet }: ReplayFlags,
): Promise<void> {
  const [{ openRecording }, { Only }, { play }] = await Promise.all([
    import("../record/recording.js"),
    import("../record/only.js"),
    import("../circuit/play.js"),
  ]);
  const recording = await openRecording(file);
  const kinds = new Map<string, number>();
  const lineOf = json ? jsonLine : (told: Told) => textLine(cli, told);
  try {
    const count = await play(recording.entries(), {
      ...{ fromMs: from, only: new Only(only), signal: cli.signal },
      speed: quiet ? Number.POSITIVE_INFINITY : speed,
      async tell(told) {
        kinds.set(told.kind, (kinds.get(told.kind) ?? 0) + 1);
        if (!quiet) await unlessAborted(cli.write(lineOf(told)), cli.signal);
      },
    });
    if (quiet && json)
      cli.print(JSON.stringify({ durationMs: recording.durationMs, count, ...Object.fromEntries(kinds) }));
    else if (quiet) cli.print(describeAll(recording.durationMs, kinds));
    if (!recording.isWhole)
      cli.log(`The recording was cut off ${timeOf(recording.durationMs)} after its beginning.`);
  } finally {
    await recording.close();
  }
}

function textLine(cli: Cli, { atMs, words }: Told): string {
  const time = timeOf(atMs);
  return `${cli.color ? styleText("gray", time) : time}  ${words}`;
}

function jsonLine({ atMs, kind, names, pin, words }: Told): string {
  return JSON.stringify({ atMs, kind, names, pin, words });
}

function describeAll(durationMs: number, kinds: ReadonlyMap<string, number>): string {
  const counts = TOLD_KINDS.flatMap((kind) => (kinds.has(kind) ? [`${kinds.get(kind)} ${kind}`] : []));
  return [timeOf(durationMs), ...counts].join(", ");
}

/** `01:02.345`: minutes, seconds and milliseconds. */
function timeOf(ms: number): string {
  const whole = Math.round(ms);
  const seconds = ((whole % 60_000) / 1_000).toFixed(3).padStart(6, "0");
  return `${String(Math.floor(whole / 60_000)).padStart(2, "0")}:${seconds}`;
}

function parseSpeed(text: string): number {
  if (text === "max") return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (text !== "" && speed > 0 && Number.isFinite(speed)) return speed;
  throw new InvalidArgumentError("It is a number above 0, or max.");
}

function parseTime(text: string): number {
  const [, minutes, seconds] = /^(\d+):([0-5]?\d(?:\.\d+)?)$/.exec(text) ?? [];
  if (minutes !== undefined) return (Number(minutes) * 60 + Number(seconds)) * 1_000;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number of milliseconds, or mm:ss.");
}

function parseWords(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...text.split(",").filter((word) => word !== "")];
}

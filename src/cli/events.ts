import { Command } from "commander";
import { answerOf, durableOf, type EventEngine } from "../circuit/event-engine.js";
import { unlessAborted } from "../core/abort.js";
import { CircuitError } from "../core/error.js";
import { escaped } from "../core/printable.js";
import type { StreamReport } from "../mesh/durable.js";
import { checkListenerName } from "../mesh/names.js";
import type { Cli } from "./cli.js";
import { addEngineFlags, asUsage, type EngineFlags, refuseTogether, withEngine } from "./events-flags.js";
import { formatTable } from "./table.js";

interface EventsFlags extends EngineFlags {
  readonly watch?: boolean;
  readonly forget?: string;
}

/** How often the figures are brought up to date while somebody watches, in milliseconds. */
const REFRESH_MS = 2_000;

/** Moves the cursor to the first line and takes away what is there. */
const CLEAR = "\u001b[H\u001b[2J";

/** `circuit events`: what is kept, and how far those who listen are. */
export function eventsCommand(cli: Cli): Command {
  const command = new Command("events")
    .description("list the streams that keep events, those who listen to them, and their lag")
    .option("-w, --watch", "go on: redraw on a terminal, else print what has changed")
    .option("--forget <name>", "forget a durable listener and its place");
  return addEngineFlags(command)
    .option("--json", "print a line of JSON for each stream")
    .option("--quiet", "print the streams' names only")
    .action(async (flags: EventsFlags) => {
      const { forget: name, watch } = flags;
      refuseTogether(flags, "forget", ["watch"]);
      if (name !== undefined) asUsage(() => checkListenerName("listener", name));
      await withEngine(cli, { flags, name: "events", goesOn: watch === true }, (engine) =>
        name === undefined ? showStreams(cli, engine, flags) : forget(cli, engine, name, flags),
      );
    });
}

async function forget(
  cli: Cli,
  engine: EventEngine,
  name: string,
  { json, quiet }: EventsFlags,
): Promise<void> {
  const what = `forget ${name}`;
  if (!(await answerOf(engine, what, durableOf(engine, what).forget(name), cli.signal))) {
    throw new CircuitError("EVENT_UNKEPT", `Cannot ${what}: no durable listener has that name`, {
      hint: "See those there are with `circuit events`.",
    });
  }
  if (json) cli.print(JSON.stringify({ forgotten: name }));
  else if (!quiet) cli.print(`Forgot ${name} and its place`);
}

async function showStreams(cli: Cli, engine: EventEngine, flags: EventsFlags): Promise<void> {
  const durable = durableOf(engine, "show streams");
  const redraws = cli.isTerminal && !flags.json && !flags.quiet;
  const either = AbortSignal.any([cli.signal, engine.refused]);
  let before = new Set<string>();
  for (;;) {
    // Who watches is told that the server is away, and goes on when it is back.
    const report = flags.watch
      ? unlessAborted(durable.report(), either)
      : answerOf(engine, "show streams", durable.report(), cli.signal);
    const lines = linesOf(await report, flags);
    if (!flags.watch) for (const line of lines) cli.print(line);
    else if (redraws) cli.print(`${CLEAR}${lines.join("\n")}`);
    else for (const line of lines) if (!before.has(line)) cli.print(line);
    if (!flags.watch) return;
    before = new Set(lines);
    await engine.clock.sleep(REFRESH_MS, cli.signal);
  }
}

function linesOf(streams: readonly StreamReport[], { json, quiet }: EventsFlags): string[] {
  if (json) return streams.map((stream) => JSON.stringify(stream));
  if (quiet) return streams.map(({ name }) => escaped(name));
  if (streams.length === 0) return ["No streams. `circuit listen --durable NAME --on SUBJECT` makes one."];
  return formatTable([
    ["STREAM", "SUBJECTS", "EVENTS", "BYTES", "LISTENER", "PATTERN", "LAG", "UNACKNOWLEDGED", "REDELIVERED"],
    ...streams.flatMap(rowsOf).map((row) => row.map(escaped)),
  ]);
}

function rowsOf({ name, subjects, events, bytes, consumers }: StreamReport): string[][] {
  const head = [name, subjects.join(" "), String(events), String(bytes)];
  if (consumers.length === 0) return [[...head, "-", "-", "-", "-", "-"]];
  return consumers.map(({ name: listener, pattern, lag, unacknowledged, redelivered }) => [
    ...head,
    ...[listener, pattern, ...[lag, unacknowledged, redelivered].map(String)],
  ]);
}

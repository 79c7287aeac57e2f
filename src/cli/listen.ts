import { Command } from "commander";
import type { Commands } from "../circuit/commands.js";
import { durableOf, type EventEngine } from "../circuit/event-engine.js";
import type { HeardEvent, HearingOptions } from "../circuit/listen.js";
import { EVENT_SETTINGS } from "../config/settings.js";
import { unlessAborted } from "../core/abort.js";
import { epochOf } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { DeadEvent } from "../mesh/durable.js";
import { checkListenerName } from "../mesh/names.js";
import { type Cli, ExitWith } from "./cli.js";
import { deadJsonLine, deadTextLine, escapedData, jsonLine, textLine } from "./event-lines.js";
import { EventPrinter } from "./event-printer.js";
import {
  addEngineFlags,
  asUsage,
  checkPatternFlag,
  type EngineFlags,
  refuseTogether,
  refuseWithout,
  settingOption,
  withEngine,
} from "./events-flags.js";
import { describeFailure } from "./exit.js";

interface ListenFlags extends EngineFlags {
  readonly on?: readonly string[];
  readonly socket: string;
  readonly count?: number;
  readonly timeout?: number;
  readonly durable?: string;
  readonly retries?: number;
  readonly queue?: string;
  readonly last?: boolean;
  readonly dead?: boolean;
  readonly follow: boolean;
  readonly exec?: string;
  readonly parallel?: number;
  readonly execTimeout?: number;
}

/** Everything but what the mesh and the engine keep for themselves. */
const EVERYTHING = [">"];

/** Time for a reader to take what is printed, in milliseconds: a pager may stand still for a day. */
const READING_MS = 86_400_000;

/** `circuit listen`: shows events, or runs a command for each. */
export function listenCommand(cli: Cli): Command {
  const command = new Command("listen")
    .description("print each event as it comes, or run a command for it")
    .option("--on <pattern>", "subject, with * and > for any; may be repeated (default: >)", collect)
    .addOption(settingOption("--count <number>", "heard", "--count"))
    .addOption(settingOption("--timeout <seconds>", "silenceSeconds", "--timeout"))
    .option("--last", "first show the last event of each subject")
    .option("--queue <name>", "share the events with others who listen in this name: one hears each")
    .option(
      "--durable <name>",
      "hear what was missed too, by NATS's JetStream, and keep the place by this name",
    )
    .addOption(settingOption("--retries <number>", "retries", "--retries"))
    .option("--dead", "show the events that durable listeners gave up")
    .option("--no-follow", "with --dead: end after those there are")
    .option("--exec <command>", "run a shell command for each event, its data on the standard input")
    .addOption(settingOption("--parallel <number>", "parallel", "--parallel"))
    .addOption(settingOption("--exec-timeout <seconds>", "commandSeconds", "--exec-timeout"))
    .option("-s, --socket <host>", "address at which those who know no node find this", "localhost");
  return addEngineFlags(command)
    .option("--json", "print each event as a line of JSON")
    .option("--quiet", "print the data of each event only")
    .action(async (flags: ListenFlags) => {
      checkFlags(flags);
      const serves = { host: flags.socket };
      await withEngine(cli, { flags, name: nameOf(cli), serves, goesOn: true }, (engine) =>
        flags.dead ? showDead(cli, engine, flags) : listen(cli, engine, flags),
      );
    });
}

/** Several listen at the same time; where names are proved, each needs a credential of its own. */
function nameOf({ env }: Cli): string {
  return env.CIRCUIT_CREDENTIALS ? "listen" : `listen-${crypto.randomUUID().slice(0, 8)}`;
}

function checkFlags(flags: ListenFlags): void {
  for (const pattern of flags.on ?? EVERYTHING) checkPatternFlag(pattern);
  refuseTogether(flags, "durable", ["queue", "last", "dead"]);
  refuseTogether(flags, "dead", ["on", "queue", "last", "exec", "timeout"]);
  refuseTogether(flags, "queue", ["last"]);
  refuseWithout(flags, "durable", ["retries"]);
  refuseWithout(flags, "exec", ["parallel", "execTimeout"]);
  refuseWithout(flags, "dead", ["follow"]);
  const { queue, durable } = flags;
  if (queue !== undefined) asUsage(() => checkListenerName("queue", queue));
  if (durable !== undefined) asUsage(() => checkListenerName("listener", durable));
  if (flags.durable !== undefined && flags.on?.length !== 1) {
    throw new CircuitError("USAGE", "Cannot listen durably: it takes one subject, or one pattern", {
      hint: "Give it with --on, for example --on 'sensor.>'.",
    });
  }
}

async function listen(cli: Cli, engine: EventEngine, flags: ListenFlags): Promise<void> {
  const { Hearing } = await import("../circuit/listen.js");
  const { ENDING_MS } = await import("../circuit/commands.js");
  const { on: patterns = EVERYTHING, queue, last, count, timeout, durable: name } = flags;
  const { commandSeconds, parallel: parallelism, retries } = EVENT_SETTINGS;
  const limitMs = (flags.execTimeout ?? commandSeconds.default ?? 0) * 1_000;
  const parallel = flags.parallel ?? parallelism.default ?? 1;
  const commands = await commandsOf(cli, engine, { exec: flags.exec, limitMs, isParallel: parallel > 1 });
  const hearing = new Hearing({
    ...{ engine, patterns, queue, last, count, parallel, signal: cli.signal, notice: cli.log },
    handle: commands ? (event, signal) => commands.run(event, signal) : printing(cli, flags),
    failed: (error) => {
      for (const line of describeFailure(error)) cli.log(line);
    },
    silenceMs: timeout === undefined ? undefined : timeout * 1_000,
    durable:
      name === undefined
        ? undefined
        : {
            name,
            handlerMs: commands ? limitMs + 2 * ENDING_MS : READING_MS,
            deliveries: 1 + (flags.retries ?? retries.default ?? 0),
          },
  });
  try {
    await hearing.start();
    cli.log(`Listening to ${patterns.join(" and ")} on ${engine.where}`);
    await hearing.untilDone();
  } finally {
    commands?.close();
  }
  const { failed, dropped } = hearing.counts;
  if (failed > 0 || dropped > 0) throw new ExitWith(1);
}

async function commandsOf(
  { env, pass }: Cli,
  { clock }: EventEngine,
  options: { readonly exec: string | undefined; readonly limitMs: number; readonly isParallel: boolean },
): Promise<Commands | undefined> {
  const { exec: command, ...rest } = options;
  if (command === undefined) return undefined;
  const { Commands } = await import("../circuit/commands.js");
  return new Commands({ ...rest, command, clock, env, output: pass });
}

function printing(cli: Cli, { json, quiet, durable }: ListenFlags): HearingOptions["handle"] {
  const lineOf = json ? jsonLine : quiet ? ({ data }: HeardEvent) => escapedData(data) : textLine;
  const printer = new EventPrinter(cli, lineOf);
  if (durable !== undefined) return (event, signal) => printer.kept(event, signal);
  return (event, signal) => printer.live(event, signal);
}

async function showDead(cli: Cli, engine: EventEngine, flags: ListenFlags): Promise<void> {
  const { json, quiet, follow, count = Number.POSITIVE_INFINITY } = flags;
  const { signal } = cli;
  const quietLine = ({ event }: DeadEvent) => escapedData(event.data);
  const lineOf = json ? deadJsonLine : quiet ? quietLine : deadTextLine;
  let shown = 0;
  for await (const { event, ...dead } of durableOf(engine, "show dead events").dead({ follow, signal })) {
    const line = lineOf({ ...dead, event: { ...event, at: epochOf(engine.clock, event.at) } });
    await unlessAborted(cli.write(line), signal);
    if (++shown >= count) return;
  }
  signal.throwIfAborted();
  if (shown === 0 && !json && !quiet) cli.print("No dead events.");
}

function collect(given: string, patterns: readonly string[] = []): readonly string[] {
  return [...patterns, given];
}

import { Command } from "commander";
import type { EventEngine } from "../circuit/event-engine.js";
import type { Sent } from "../circuit/send.js";
import { CircuitError } from "../core/error.js";
import { checkHeaders } from "../mesh/event-headers.js";
import type { Payload } from "../mesh/payload.js";
import type { Cli } from "./cli.js";
import {
  addEngineFlags,
  asUsage,
  checkSubjectFlag,
  type EngineFlags,
  refuseTogether,
  settingOption,
  waitMsOf,
  withEngine,
} from "./events-flags.js";

interface SendFlags extends EngineFlags {
  readonly on?: string;
  readonly file?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly count?: number;
  readonly rate?: number;
  readonly durable?: boolean;
  readonly again?: number;
}

/** Where events go that nobody has given a subject: that of the original cluster. */
const DEFAULT_SUBJECT = "some_event";

/** `circuit send`: says that something happened, to whoever listens. */
export function sendCommand(cli: Cli): Command {
  const command = new Command("send")
    .description("publish an event: a message, a file, or each line that is piped in")
    .argument("[message]", "data of the event")
    .option("--on <subject>", `what happened (default: "${DEFAULT_SUBJECT}")`)
    .option("--file <path>", "take the data from a file; - takes each line of the standard input")
    .option("--header <name:value>", "words beside the data; may be repeated", collectHeader)
    .addOption(settingOption("--count <number>", "sent", "--count"))
    .addOption(settingOption("--rate <number>", "rate", "--rate"))
    .option("--durable", "have each event stored before the next, by NATS's JetStream")
    .addOption(settingOption("--again <number>", "again", "--again"));
  return addEngineFlags(command)
    .option("--json", "read the data as JSON, not as text; say what became of it as a line of JSON")
    .option("--quiet", "print nothing but notices of trouble")
    .action(async (message: string | undefined, flags: SendFlags) => {
      const { on = DEFAULT_SUBJECT, header = {} } = flags;
      checkSubjectFlag(on);
      asUsage(() => checkHeaders(header));
      refuseTogether({ ...flags, message }, "again", [
        ...["message", "on", "file", "header", "count", "rate", "durable"],
      ]);
      const messages = flags.again === undefined ? await messagesOf(cli, message, flags) : undefined;
      await withEngine(cli, { flags, name: "send" }, (engine) =>
        messages ? send(cli, engine, { flags, messages }) : again(cli, engine, flags),
      );
    });
}

async function again(
  cli: Cli,
  engine: EventEngine,
  { again: number = 0, json, quiet }: SendFlags,
): Promise<void> {
  const { sendAgain } = await import("../circuit/send.js");
  await sendAgain(engine, number, cli.signal);
  if (json) cli.print(JSON.stringify({ again: number }));
  else if (!quiet) cli.print(`Handed event ${number} to its listener once more`);
}

async function send(
  cli: Cli,
  engine: EventEngine,
  { flags, messages }: { readonly flags: SendFlags; readonly messages: AsyncIterable<readonly Payload[]> },
): Promise<void> {
  const { Outgoing } = await import("../circuit/send.js");
  const { on: subject = DEFAULT_SUBJECT, header: headers = {}, durable: isDurable = false, rate } = flags;
  const { signal } = cli;
  const outgoing = new Outgoing({
    ...{ engine, subject, headers, isDurable, rate, signal, waitMs: waitMsOf(flags) },
  });
  try {
    await outgoing.send(messages);
  } catch (error) {
    const { count } = outgoing.sent;
    if (count > 0 && !flags.quiet) cli.log(`Sent ${events(count)} to ${subject} before that`);
    throw error;
  }
  report(cli, outgoing.sent, flags);
}

function report(cli: Cli, { count, listeners, stored }: Sent, flags: SendFlags): void {
  const { on = DEFAULT_SUBJECT, json, quiet } = flags;
  if (json) {
    cli.print(
      JSON.stringify({ subject: on, count, listeners: listeners?.least ?? null, stored: stored ?? null }),
    );
  } else if (!quiet) {
    const fate = stored ? `the last is ${stored.sequence} of ${stored.stream}` : describe(listeners);
    cli.print(`Sent ${events(count)} to ${on}${count === 0 ? "" : `: ${fate}`}`);
  }
}

function describe(listeners: Sent["listeners"]): string {
  if (listeners === undefined) return "NATS has taken it, and does not tell who listens";
  const { least, most } = listeners;
  if (most === 0) return "nobody was listening";
  const range = least === most ? `${most}` : `${least} to ${most}`;
  return most === 1 && least === 1 ? "1 process was listening" : `${range} processes were listening`;
}

function events(count: number): string {
  return `${count} event${count === 1 ? "" : "s"}`;
}

/** The data of the events, of the argument, a file, or the lines of the standard input. */
async function messagesOf(
  cli: Cli,
  message: string | undefined,
  flags: SendFlags,
): Promise<AsyncIterable<readonly Payload[]>> {
  const { file, json = false, count = 1 } = flags;
  const { linesOf, parseJson, parseText, repeated } = await import("../circuit/batches.js");
  const parse = json ? parseJson : parseText;
  if (message !== undefined && file !== undefined)
    throw usage("Cannot send both a message and a file", "Leave one of them out.");
  const times = count === 0 ? Number.POSITIVE_INFINITY : count;
  if (message !== undefined) return repeated(parse(Buffer.from(message), "the message"), times);
  if (file !== undefined && file !== "-") {
    const { readMessageFile } = await import("../circuit/message-file.js");
    return repeated(parse(await readMessageFile(file, cli.folder), file), times);
  }
  if (flags.count !== undefined)
    throw usage("Cannot use --count: each line of the standard input is sent once", "Give a message.");
  const input = cli.input();
  if (input === undefined)
    throw usage("Cannot send nothing", "Give a message, --file PATH, or pipe lines in.");
  return linesOf(input, parse);
}

/** @throws {CircuitError} `USAGE`. */
function collectHeader(
  given: string,
  headers: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, name, value] = /^([^:]+):\s*(.*?)\s*$/s.exec(given) ?? [];
  if (name !== undefined && value !== undefined) return { ...headers, [name.trim()]: value };
  throw usage(
    `Cannot use --header ${JSON.stringify(given)}: it is not NAME: VALUE`,
    "Give for example --header 'Room: 7'.",
  );
}

function usage(message: string, hint: string): CircuitError {
  return new CircuitError("USAGE", message, { hint });
}

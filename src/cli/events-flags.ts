import { type Command, Option } from "commander";
import { findBroker } from "../circuit/broker.js";
import type { EventEngine } from "../circuit/event-engine.js";
import { parseSetting } from "../config/schema.js";
import { EVENT_SETTINGS, type Setting } from "../config/settings.js";
import { CircuitError } from "../core/error.js";
import { checkPattern, checkSubject } from "../mesh/subject.js";
import type { Cli } from "./cli.js";

/** Flags that say what carries events. */
export interface EngineFlags {
  readonly mesh?: string;
  readonly lan?: boolean;
  readonly name?: string;
  readonly wait?: number | true;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds them to a command. */
export function addEngineFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--mesh <url>",
        "NATS server that carries the events (default: the nodes that can be found)",
      ).env("CIRCUIT_MESH"),
    )
    .option("--lan", "find nodes of the local network too, by mDNS")
    .option("--name <node>", "who this is to nodes that ask for credentials")
    .addOption(settingOption("--wait [seconds]", "waitSeconds", "--wait", "where nobody is there yet: "));
}

/** An option whose description and range are those of a setting. */
export function settingOption(
  flags: string,
  setting: keyof typeof EVENT_SETTINGS,
  name: string,
  before = "",
): Option {
  const { description, default: standard }: Setting = EVENT_SETTINGS[setting];
  const tail = standard === undefined ? "" : ` (default: ${standard})`;
  return new Option(flags, `${before}${description}${tail}`).argParser((given: string) =>
    parseSetting(EVENT_SETTINGS[setting], given, name),
  );
}

/** How long is waited, in milliseconds; `undefined` where it is not. */
export function waitMsOf({ wait }: EngineFlags): number | undefined {
  if (wait === undefined) return undefined;
  return wait === true ? Number.POSITIVE_INFINITY : wait * 1_000;
}

export interface WithEngineOptions {
  readonly flags: EngineFlags;
  readonly name: string;
  readonly serves?: { readonly host: string };
  /** Whether the command goes on while the server is away, where it is not told to wait. */
  readonly goesOn?: boolean;
}

/** Opens what carries events, uses it, and closes it. */
export async function withEngine(
  cli: Cli,
  { flags, name, serves, goesOn = false }: WithEngineOptions,
  use: (engine: EventEngine) => Promise<void>,
): Promise<void> {
  const { openEventEngine } = await import("../circuit/event-engine.js");
  const waitMs = waitMsOf(flags);
  const engine = await openEventEngine({
    ...{ url: flags.mesh || findBroker(cli.env), env: cli.env, name: flags.name ?? name, serves },
    ...{ lan: flags.lan ?? false, waitMs, signal: cli.signal, notice: cli.log },
    goesOn: goesOn || waitMs !== undefined,
  });
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
}

/** @throws {CircuitError} `USAGE` for what nobody may publish to. */
export function checkSubjectFlag(subject: string): void {
  asUsage(() => checkSubject(subject));
}

/** @throws {CircuitError} `USAGE` for what nobody can listen to. */
export function checkPatternFlag(pattern: string): void {
  asUsage(() => checkPattern(pattern));
}

/** What a flag's value is refused for is a mistake in the arguments. */
export function asUsage(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof CircuitError)) throw error;
    const { message, hint, cause } = error;
    throw new CircuitError("USAGE", message, { ...(hint !== undefined && { hint }), cause });
  }
}

/** @throws {CircuitError} `USAGE` for two flags that contradict each other. */
export function refuseTogether(flags: object, one: string, others: readonly string[]): void {
  const given = namesOf(flags);
  if (!given.includes(one)) return;
  const other = others.find((name) => given.includes(name));
  if (other === undefined) return;
  throw new CircuitError(
    "USAGE",
    `Cannot use ${inWords(one)} and ${inWords(other)} together: they ask for different things`,
    { hint: "Leave one of them out." },
  );
}

/** @throws {CircuitError} `USAGE` for a flag that says something only with another, which is not there. */
export function refuseWithout(flags: object, one: string, others: readonly string[]): void {
  const given = namesOf(flags);
  if (given.includes(one)) return;
  const other = others.find((name) => given.includes(name));
  if (other === undefined) return;
  throw new CircuitError(
    "USAGE",
    `Cannot use ${inWords(other)}: it says something with ${inWords(one)} only`,
    { hint: `Add ${inWords(one)}, or leave ${inWords(other)} out.` },
  );
}

/** Flags that were given; `follow` is one that is there until it is taken away. */
function namesOf(flags: object): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    value === undefined || (name === "follow" && value === true) ? [] : [name],
  );
}

/** A flag as a person writes it. */
function inWords(name: string): string {
  if (name === "message") return "a message";
  if (name === "follow") return "--no-follow";
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

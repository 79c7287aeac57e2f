import { basename, dirname, parse, resolve } from "node:path";
import { Command, Option } from "commander";
import { findBroker } from "../circuit/broker.js";
import { WATCHED_BIT_MS } from "../circuit/example.js";
import type { RunOptions } from "../circuit/run-options.js";
import { type CircuitDefinition, DEFAULT_BOARD, DEFAULT_BOARDS } from "../config/define.js";
import type { WatchedConfig } from "../config/watched-config.js";
import { CircuitError } from "../core/error.js";
import type { Cli } from "./cli.js";
import { showAddresses } from "./dashboard.js";
import { addSettingFlags, type FlagValues, withFlags } from "./flags.js";
import { type ReporterOptions, reporter } from "./reporter.js";
import { addSafetyFlags, type SafetyFlags, withSafetyFlags } from "./safety.js";

export interface RunFlags extends ReporterOptions, SafetyFlags {
  readonly board?: string;
  readonly wiring?: string;
  readonly mesh?: string;
  readonly confirm?: boolean;
  readonly announce: boolean;
  readonly lan?: boolean;
  readonly record?: string | true;
}

export const RECORD_FLAG = [
  "--record [file]",
  "keep every byte of the boards, frame of the mesh and edge in a new file, named after the time by default",
] as const;

/** The file of `--record`. */
export function recordPath(record: string | true): string {
  // 2026-12-01T09-30-00: no file system minds.
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return record === true ? `${time}.circuit` : record;
}

/** What every command that runs sketches takes. */
export function addRunFlags(command: Command): Command {
  addBoardFlags(command).option("--no-confirm", "acknowledge without waiting for the board");
  return addReachFlags(command)
    .option(...RECORD_FLAG)
    .option("--json", "print every event as a line of JSON")
    .option("--quiet", "print the summary only");
}

/** Which board, and what carries the messages. */
export function addBoardFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        "-b, --board <address>",
        "/dev/ttyACM0, COM3, serial:NUMBER, auto, tcp://HOST:PORT, mock, replay:FILE, or sim:uno, the default",
      ).env("CIRCUIT_BOARD"),
    )
    .addOption(
      new Option(
        "--mesh <url>",
        "NATS server that carries the messages: nats://HOST:PORT or tls://HOST:PORT",
      ).env("CIRCUIT_MESH"),
    )
    .option("--wiring <file>", "what hangs on which pin, in Wokwi's format");
}

/** Who finds whom, and who is let in. */
export function addReachFlags(command: Command): Command {
  command
    .option("--no-announce", "do not let other processes of this machine find the nodes")
    .option("--lan", "find nodes of the local network too, by mDNS, and let them find ours");
  return addSafetyFlags(command);
}

export function runCommand(cli: Cli): Command {
  const command = new Command("run")
    .description("run a circuit: the example's clock, pin and buzzer, or those of a configuration")
    .argument(
      "[config]",
      "configuration file (default: circuit.config.{ts,js,json} of this folder, if there is one)",
    );
  addRunFlags(command);
  command
    .option("--watch", "swap sketches in place when their files are saved; ports stay open, pins as they are")
    .option("--repl", "open a prompt with the boards and nodes")
    .option(
      "--dashboard [port]",
      "show the circuit on a page: at this port, or host:port (default: 8770 of localhost)",
    );
  addSettingFlags(command, ["clock", "iopin", "buzzer"], { defaults: { "bit-ms": WATCHED_BIT_MS } });
  return command.action(async (config: string | undefined, flags: LiveFlags & FlagValues) => {
    const { findConfig } = await import("../config/load.js");
    const path = config ?? findConfig(cli.folder);
    const watched = flags.watch ? await watchConfig(cli, path, { command, flags }) : undefined;
    const circuit = watched ? await watched.load() : await loadCircuit(path, command);
    // The example is whole: it looks for nobody.
    const seeking = path === undefined ? undefined : {};
    const run: RunAs = { command, flags, seeking, ...(watched && { watched }) };
    const title = path === undefined ? "Clock, pin, buzzer" : titleOf(path);
    await withPage(cli, { at: flags.dashboard, circuit, title, run }, async (shown) => {
      if (!flags.repl) return runAndReport(cli, circuit, shown);
      const { runWithPrompt } = await import("./prompt.js");
      await runWithPrompt(cli, (own, onBegun) =>
        runAndReport(own, circuit, {
          ...shown,
          onBegun: (running) => {
            shown.onBegun?.(running);
            onBegun(running);
          },
        }),
      );
    });
  });
}

/** What `circuit run` alone takes. */
interface LiveFlags extends RunFlags {
  readonly watch?: boolean;
  readonly repl?: boolean;
  readonly dashboard?: string | true;
}

/** Runs with the circuit's page open, where one is asked for. */
async function withPage(
  cli: Cli,
  {
    at,
    circuit,
    title,
    run,
  }: {
    readonly at: string | true | undefined;
    readonly circuit: CircuitDefinition;
    readonly title: string;
    readonly run: RunAs;
  },
  go: (run: RunAs) => Promise<void>,
): Promise<void> {
  if (at === undefined) return go(run);
  const { showCircuit } = await import("../dashboard/show-circuit.js");
  const whole = withRunFlags(cli, circuit, run);
  const { addresses, onEntry, onBegun, close } = await showCircuit(whole, {
    ...{ at, title, env: cli.env, notice: (text: string) => cli.log(text) },
  });
  showAddresses(cli, addresses);
  try {
    await go({ ...run, onEntry, onBegun });
  } finally {
    await close();
  }
}

/** What a page calls a circuit: its file's name, or its folder's where the file has the usual one. */
function titleOf(path: string): string {
  const { name } = parse(path);
  return name === "circuit.config" ? basename(dirname(resolve(path))) : name;
}

/** A configuration that is watched, with what the flags say. */
async function watchConfig(
  cli: Cli,
  path: string | undefined,
  as: Pick<RunAs, "command" | "flags">,
): Promise<WatchedConfig> {
  const { nothingToWatch, WatchedConfig } = await import("../config/watched-config.js");
  if (path === undefined) throw nothingToWatch();
  const { systemClock } = await import("../core/clock.js");
  const prepare = (circuit: CircuitDefinition) => withRunFlags(cli, onBoard(circuit, as.command), as);
  return new WatchedConfig({ path, clock: systemClock, prepare });
}

/** How a command runs a circuit. */
export interface RunAs {
  readonly command: Command;
  readonly flags: RunFlags & FlagValues;
  /**
   * How its nodes look for those of other processes; `undefined` where they have no need to. `fallback` is where to try
   * nodes that neither the circuit's grid names nor anybody has announced.
   */
  readonly seeking: { readonly fallback?: Readonly<Record<string, string>> } | undefined;
  readonly watched?: RunOptions["watched"];
  readonly onBegun?: RunOptions["onBegun"];
  readonly onEntry?: RunOptions["onEntry"];
}

/** Runs a circuit with a command's flags, and reports it. */
export async function runAndReport(
  cli: Cli,
  circuit: CircuitDefinition,
  { command, flags, seeking, watched, onBegun, onEntry }: RunAs,
): Promise<void> {
  const { runCircuit } = await import("../circuit/run.js");
  const { announce, lan = false, record } = flags;
  const discovery = seeking && { announce, lan, ...seeking };
  await runCircuit(withRunFlags(cli, circuit, { command, flags }), {
    signal: cli.signal,
    env: cli.env,
    onEvent: reporter(cli, flags),
    ...(discovery && { discovery }),
    ...(record !== undefined && { record: recordPath(record) }),
    ...(watched && { watched }),
    ...(onBegun && { onBegun }),
    ...(onEntry && { onEntry }),
  });
}

/** A circuit with what a command's flags say. */
export function withRunFlags(
  cli: Cli,
  circuit: CircuitDefinition,
  { command, flags }: Pick<RunAs, "command" | "flags">,
): CircuitDefinition {
  let changed = withFlags(circuit, flags, (name) => isTyped(command, name));
  if (flags.wiring !== undefined) changed = { ...changed, wiring: flags.wiring };
  const mesh = flags.mesh || brokerFor(changed, cli);
  if (mesh !== undefined) changed = { ...changed, mesh };
  if (flags.confirm === false) changed = { ...changed, nodes: withoutConfirm(changed.nodes) };
  if (!flags.plain || flags.allowAnyone === true)
    changed = { ...changed, security: withSafetyFlags(changed.security, flags) };
  return changed;
}

/** The environment's broker, unless the circuit itself says what carries its messages. */
function brokerFor({ mesh, security }: CircuitDefinition, { env }: Cli): string | undefined {
  return mesh === undefined && security === undefined ? findBroker(env) : undefined;
}

async function loadCircuit(path: string | undefined, command: Command): Promise<CircuitDefinition> {
  if (path === undefined) {
    const { board } = command.opts<RunFlags>();
    const { exampleCircuit } = await import("../circuit/example.js");
    return exampleCircuit(board ?? DEFAULT_BOARD);
  }
  const { loadConfig } = await import("../config/load.js");
  return onBoard(await loadConfig(path), command);
}

/** A configuration's circuit on the board that a flag says; one of the environment is for circuits with one board. */
export function onBoard(circuit: CircuitDefinition, command: Command): CircuitDefinition {
  const { board } = command.opts<RunFlags>();
  if (board === undefined) return circuit;
  const isForAll = !isTyped(command, "board") && Object.keys(circuit.boards ?? DEFAULT_BOARDS).length > 1;
  return isForAll ? circuit : withBoard(circuit, board);
}

/** Whether a flag was typed, and not taken from the environment. */
function isTyped(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) !== "env";
}

/** Puts a circuit with one board on another, as `--board` asks. */
function withBoard(circuit: CircuitDefinition, address: string): CircuitDefinition {
  const names = Object.keys(circuit.boards ?? DEFAULT_BOARDS);
  const [only] = names;
  if (only !== undefined && names.length === 1) return { ...circuit, boards: { [only]: address } };
  throw new CircuitError(
    "USAGE",
    `Cannot use --board ${address}: this circuit has ${names.length} boards, ${names.join(", ")}`,
    {
      hint: "Change their addresses in the configuration.",
    },
  );
}

function withoutConfirm(nodes: CircuitDefinition["nodes"] = {}): CircuitDefinition["nodes"] {
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, { ...node, confirm: false }]));
}

import { Command, Option } from "commander";
import type { CircuitDefinition } from "../config/define.js";
import { CircuitError } from "../core/error.js";
import type { Cli } from "./cli.js";
import { addSettingFlags, type FlagValues, withFlags } from "./flags.js";
import { type ReporterOptions, reporter } from "./reporter.js";

interface RunFlags extends ReporterOptions {
  readonly board?: string;
  readonly wiring?: string;
  readonly mesh?: string;
  readonly confirm: boolean;
}

/** Board of a circuit that names none, and for `--board`'s default. */
export const DEFAULT_BOARD = "sim:uno";

/** What every command that runs sketches takes. */
export function addRunFlags(command: Command): Command {
  return command
    .addOption(
      new Option("-b, --board <address>", "/dev/ttyACM0, COM3, auto, tcp://HOST:PORT, sim:uno or mock").env(
        "CIRCUIT_BOARD",
      ),
    )
    .addOption(
      new Option(
        "--mesh <url>",
        "NATS server that carries the messages: nats://HOST:PORT or tls://HOST:PORT",
      ).env("CIRCUIT_MESH"),
    )
    .option("--wiring <file>", "what hangs on which pin, in Wokwi's format")
    .option("--no-confirm", "acknowledge without waiting for the board")
    .option("--json", "print every event as a line of JSON")
    .option("--quiet", "print the summary only");
}

export function runCommand(cli: Cli): Command {
  const command = new Command("run")
    .description("run a circuit: the example's clock, pin and buzzer, or those of a configuration")
    .argument(
      "[config]",
      "configuration file (default: circuit.config.{ts,js,json} of this folder, if there is one)",
    );
  addRunFlags(command);
  addSettingFlags(command, ["clock", "iopin", "buzzer"], { defaults: { "bit-ms": 150 } });
  return command.action(async (config: string | undefined, flags: RunFlags & FlagValues) => {
    const circuit = await loadCircuit(cli, config, flags);
    await runAndReport(cli, circuit, flags);
  });
}

/** Runs a circuit with a command's flags, and reports it. */
export async function runAndReport(
  cli: Cli,
  circuit: CircuitDefinition,
  flags: RunFlags & FlagValues,
): Promise<void> {
  const { runCircuit } = await import("../circuit/run.js");
  let changed = withFlags(circuit, flags);
  if (flags.wiring !== undefined) changed = { ...changed, wiring: flags.wiring };
  if (flags.mesh !== undefined) changed = { ...changed, mesh: flags.mesh };
  if (!flags.confirm) changed = { ...changed, nodes: withoutConfirm(changed.nodes) };
  await runCircuit(changed, { signal: cli.signal, onEvent: reporter(cli, flags) });
}

async function loadCircuit(
  cli: Cli,
  config: string | undefined,
  { board }: RunFlags,
): Promise<CircuitDefinition> {
  const { findConfig, loadConfig } = await import("../config/load.js");
  const path = config ?? findConfig(cli.folder);
  if (path === undefined) {
    const { exampleCircuit } = await import("../circuit/example.js");
    return exampleCircuit(board ?? DEFAULT_BOARD);
  }
  const circuit = await loadConfig(path);
  return board === undefined ? circuit : withBoard(circuit, board);
}

/** Puts a circuit with one board on another, as `--board` asks. */
function withBoard(circuit: CircuitDefinition, address: string): CircuitDefinition {
  const names = Object.keys(circuit.boards ?? { board: DEFAULT_BOARD });
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

function withoutConfirm(nodes: CircuitDefinition["nodes"]): CircuitDefinition["nodes"] {
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, { ...node, confirm: false }]));
}

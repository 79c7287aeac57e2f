import { Command, Option } from "commander";
import { type CircuitDefinition, DEFAULT_BOARD } from "../config/define.js";
import type { SketchName } from "../config/settings.js";
import { CircuitError } from "../core/error.js";
import type { Cli } from "./cli.js";
import { addSettingFlags, collectPeer, type FlagValues } from "./flags.js";
import type { ReporterOptions } from "./reporter.js";
import { addRunFlags, runAndReport } from "./run.js";

interface SketchFlags extends ReporterOptions {
  readonly board?: string;
  readonly wiring?: string;
  readonly confirm: boolean;
  readonly socket: string;
  readonly port: number;
  readonly announce: boolean;
  readonly plain: boolean;
  readonly peer: Readonly<Record<string, string>>;
}

/** Ports of the example's nodes when each is a process of its own, as in the original cluster. */
const IOPIN_PORT = 8_765;
const BUZZER_PORT = 8_766;

const ABOUT: Readonly<Record<SketchName, string>> = {
  clock: "send ticks to an iopin",
  iopin: "serve a pin that toggles for each tick and streams its bits to a buzzer",
  buzzer: "serve a piezo that sounds for each 1",
};

/** `circuit clock`, `circuit iopin`, `circuit buzzer`: one sketch as a process of its own. */
export function sketchCommand(cli: Cli, name: SketchName): Command {
  const isClock = name === "clock";
  const command = new Command(name).description(ABOUT[name]);
  command
    .option("-s, --socket <host>", isClock ? "host of the iopin" : "address to listen on", "localhost")
    .addOption(
      new Option("-p, --port <number>", isClock ? "port of the iopin" : "port to listen on")
        .default(name === "buzzer" ? BUZZER_PORT : IOPIN_PORT)
        .argParser(parsePort),
    )
    .addOption(
      new Option(
        "--peer <name=url>",
        "where another node is, such as buzzer=ws://127.0.0.1:8766; may be repeated",
      )
        .default({}, "whoever announces itself by the name, else the example's ports on localhost")
        .argParser(collectPeer),
    );
  addRunFlags(command);
  addSettingFlags(command, [name]);
  return command.action((flags: SketchFlags & FlagValues) => runSketch(cli, name, { command, flags }));
}

async function runSketch(
  cli: Cli,
  name: SketchName,
  { command, flags }: { readonly command: Command; readonly flags: SketchFlags & FlagValues },
): Promise<void> {
  const { EXAMPLE_WIRING } = await import("../circuit/example.js");
  const { isEmulated } = await import("../circuit/links.js");
  const board = flags.board ?? DEFAULT_BOARD;
  const host = flags.socket.includes(":") ? `[${flags.socket}]` : flags.socket;
  const listen = name === "clock" ? {} : { listen: `${host}:${flags.port}` };
  // An address that a person gave a clock is where it looks, and nowhere else.
  const isGiven = ["socket", "port"].some((option) => command.getOptionValueSource(option) !== "default");
  const given = name === "clock" && isGiven ? { iopin: `ws://${host}:${flags.port}` } : {};
  const circuit: CircuitDefinition = {
    boards: { board },
    ...(isEmulated(board) && { wiring: EXAMPLE_WIRING }),
    nodes: { [name]: { sketch: name, ...listen } },
    grid: { ...given, ...flags.peer },
  };
  // The ports of the original cluster must not hide who announces itself elsewhere.
  const fallback = { iopin: `ws://localhost:${IOPIN_PORT}`, buzzer: `ws://localhost:${BUZZER_PORT}` };
  await runAndReport(cli, circuit, { command, flags, seeking: { fallback } });
}

function parsePort(given: string): number {
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && given.trim() !== "") return port;
  throw new CircuitError("USAGE", `Cannot use --port ${given}: it must be a whole number from 0 to 65535`, {
    hint: "Give a port, or 0 to let the system choose.",
  });
}

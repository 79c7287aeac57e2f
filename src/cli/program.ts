import { Command, CommanderError } from "commander";
import { SKETCH_NAMES, SKETCH_SETTINGS, type SketchName } from "../config/settings.js";
import { CircuitError } from "../core/error.js";
import { boardsCommand } from "./boards.js";
import { bridgeCommand } from "./bridge.js";
import { type Cli, ExitWith } from "./cli.js";
import { dashboardCommand } from "./dashboard.js";
import { doctorCommand } from "./doctor.js";
import { eventsCommand } from "./events.js";
import { execCommand } from "./exec.js";
import { flashCommand } from "./flash.js";
import { flowCommand } from "./flow.js";
import { initCommand } from "./init.js";
import { listenCommand } from "./listen.js";
import { nodesCommand } from "./nodes.js";
import { recordCommand } from "./record.js";
import { replayCommand } from "./replay.js";
import { runCommand } from "./run.js";
import { sendCommand } from "./send.js";
import { sketchCommand } from "./sketches.js";
import { swapCommand } from "./swap.js";
import { wiringCommand } from "./wiring.js";

/** The exit code of arguments that cannot be understood. */
const USAGE_EXIT = 2;

/** The whole command line. */
export function makeProgram(cli: Cli, version: string): Command {
  const program = new Command("circuit")
    .description("Reactive sketches on Arduino boards, real and emulated")
    .version(version)
    .argument("[sketch]")
    .usage("<command> [options]")
    .helpCommand("help [command]", "what a command takes")
    .action((sketch: string | undefined) => {
      if (sketch?.startsWith("-")) program.error(`error: unknown option '${sketch}'`);
      if (sketch !== undefined) throw unknownSketch(sketch);
      program.outputHelp();
    })
    // What follows an unknown sketch is its own: the sketch is what is wrong.
    .enablePositionalOptions()
    .allowUnknownOption()
    .allowExcessArguments();
  program.addCommand(initCommand(cli));
  program.addCommand(runCommand(cli));
  // The cast: the keys of the table are the names.
  for (const name of Object.keys(SKETCH_SETTINGS) as SketchName[])
    program.addCommand(sketchCommand(cli, name));
  program.addCommand(execCommand(cli));
  program.addCommand(flowCommand(cli));
  program.addCommand(sendCommand(cli));
  program.addCommand(listenCommand(cli));
  program.addCommand(eventsCommand(cli));
  program.addCommand(nodesCommand(cli));
  program.addCommand(swapCommand(cli));
  program.addCommand(dashboardCommand(cli));
  program.addCommand(bridgeCommand(cli));
  program.addCommand(boardsCommand(cli));
  program.addCommand(doctorCommand(cli));
  program.addCommand(flashCommand(cli));
  program.addCommand(wiringCommand(cli));
  program.addCommand(recordCommand(cli));
  program.addCommand(replayCommand(cli));
  speakAs(cli, program, "circuit");
  return program;
}

/** Has a command, and those in it, say on the command line's own way what they say. */
function speakAs(cli: Cli, command: Command, full: string): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => cli.print(text.trimEnd()),
    writeErr: (text) => cli.log(text.trimEnd()),
    outputError: (text, write) =>
      write(text.replace(/^error: /, "circuit: Cannot understand the arguments: ")),
  });
  command.showHelpAfterError(`  See \`${full} --help\`.`);
  for (const inner of command.commands) speakAs(cli, inner, `${full} ${inner.name()}`);
}

/**
 * Runs the command that the arguments name.
 *
 * @throws What the command throws; `ExitWith` where commander has said all.
 */
export async function runProgram(cli: Cli, version: string, args: readonly string[]): Promise<void> {
  try {
    await makeProgram(cli, version).parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new ExitWith(error.exitCode === 0 ? 0 : USAGE_EXIT);
  }
}

function unknownSketch(name: string): CircuitError {
  return new CircuitError("SKETCH_UNKNOWN", `Cannot run "${name}": there is no such sketch or command`, {
    hint: `The sketches are ${SKETCH_NAMES.join(", ")}; \`circuit --help\` lists the commands.`,
  });
}

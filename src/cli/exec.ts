import { Command, Option } from "commander";
import { DEFAULT_BOARD } from "../config/define.js";
import { systemClock } from "../core/clock.js";
import { type Cli, ExitWith } from "./cli.js";
import { RECORD_FLAG, recordPath } from "./run.js";

interface ExecFlags {
  readonly board: string;
  readonly wiring?: string;
  readonly repl?: boolean;
  readonly record?: string | true;
}

/** `circuit exec`: an existing Johnny-Five script, unchanged, on a board of a circuit. */
export function execCommand(cli: Cli): Command {
  return new Command("exec")
    .description("run a script that was written for Johnny-Five, unchanged")
    .argument("<script>", "its path: CommonJS or a module")
    .argument("[args...]", "what the script finds in process.argv")
    .passThroughOptions()
    .addOption(
      new Option(
        "-b, --board <address>",
        "/dev/ttyACM0, COM3, serial:NUMBER, auto, tcp://HOST:PORT, or sim:uno",
      )
        .env("CIRCUIT_BOARD")
        .default(DEFAULT_BOARD),
    )
    .option("--wiring <file>", "what hangs on which pin, in Wokwi's format")
    .option(...RECORD_FLAG)
    .option("--repl", "open a prompt with five and board, and what the script injects")
    .action(async (path: string, args: readonly string[], flags: ExecFlags) => {
      const { board: address, wiring, repl, record } = flags;
      const { runScript } = await import("../circuit/exec/run-script.js");
      const code = await runScript({
        ...{ path, args, address, wiring, hasRepl: repl === true, clock: systemClock, signal: cli.signal },
        record: record === undefined ? undefined : recordPath(record),
        opened: ({ session: { address: at, firmware }, readyMs }) =>
          cli.log(`${at}: ${firmware}, ready in ${Math.round(readyMs)} ms`),
        notice: cli.log,
      });
      if (code !== 0) throw new ExitWith(code);
    });
}

import { Command, Option } from "commander";
import type { FlashReport } from "../circuit/flash/flash.js";
import type { StandardReport } from "../circuit/flash/standard.js";
import { systemClock } from "../core/clock.js";
import { type Cli, ExitWith } from "./cli.js";
import { flashPrinter } from "./flash-printer.js";

interface FlashFlags {
  readonly board: string;
  readonly firmware?: string;
  readonly json?: boolean;
}

/** The word for StandardFirmata in place of a path. */
const STANDARD = "standard";

/** Nothing was flashed: what is to be done by hand has been said. */
const BY_HAND = 1;

/** `circuit flash`: firmware onto an Uno or a Nano. */
export function flashCommand(cli: Cli): Command {
  return new Command("flash")
    .description("write a firmware to an Uno or Nano, compare it, and wait for its greeting")
    .addOption(
      new Option("-b, --board <address>", "/dev/ttyACM0, COM3, serial:NUMBER, or auto")
        .env("CIRCUIT_BOARD")
        .default("auto"),
    )
    .option(
      "--firmware <path>",
      "an Intel HEX file, or `standard`: StandardFirmata by arduino-cli (default: circuit's own)",
    )
    .option("--json", "print a line of JSON for each event")
    .action(async ({ board: address, firmware, json }: FlashFlags) => {
      const report = json
        ? (event: FlashReport | StandardReport) => cli.print(JSON.stringify(event))
        : flashPrinter(cli);
      const common = { address, clock: systemClock, signal: cli.signal, report };
      if (firmware !== STANDARD) {
        const { flash } = await import("../circuit/flash/flash.js");
        await flash({ ...common, firmware });
        return;
      }
      const { flashStandard } = await import("../circuit/flash/standard.js");
      const output = (chunk: Uint8Array) => void cli.pass(chunk, "stderr");
      if (!(await flashStandard({ ...common, env: cli.env, output }))) throw new ExitWith(BY_HAND);
    });
}

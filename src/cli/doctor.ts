import { Command, Option } from "commander";
import type { Finding } from "../circuit/doctor/finding.js";
import { systemClock } from "../core/clock.js";
import { type Cli, ExitWith } from "./cli.js";

interface DoctorFlags {
  readonly board: string;
  readonly wiring?: string;
  readonly json?: boolean;
}

/** Exit codes: something is wrong; the board is not there or does not answer (sysexits.h). */
const FAULTY = 1;
const UNREACHABLE = 69;

const MARKS = { ok: "ok     ", warning: "warning", error: "error  " } as const;
const COLORS = { ok: 32, warning: 33, error: 31 } as const;

/** `circuit doctor`: what stands between a person and a blinking LED. */
export function doctorCommand(cli: Cli): Command {
  return new Command("doctor")
    .description("find what keeps a board from working: system, rights, port, firmware, round trip, wiring")
    .addOption(
      new Option("-b, --board <address>", "/dev/ttyACM0, COM3, tcp://HOST:PORT, or auto")
        .env("CIRCUIT_BOARD")
        .default("auto"),
    )
    .option("--wiring <file>", "see that the board suits this wiring too, in Wokwi's format")
    .option("--json", "print a line of JSON for each finding")
    .action(async ({ board: address, wiring, json }: DoctorFlags) => {
      const { examine } = await import("../circuit/doctor/doctor.js");
      let worst = 0;
      for await (const finding of examine({ address, wiring, clock: systemClock, signal: cli.signal })) {
        if (json) cli.print(JSON.stringify(finding));
        else for (const line of describe(finding, cli.color)) cli.print(line);
        if (finding.state === "error") worst = Math.max(worst, finding.isUnreachable ? UNREACHABLE : FAULTY);
      }
      if (worst !== 0) throw new ExitWith(worst);
    });
}

function describe({ check, state, text, mend }: Finding, color: boolean): string[] {
  const mark = color ? `\u001b[${COLORS[state]}m${MARKS[state]}\u001b[0m` : MARKS[state];
  return [`${mark}  ${check}: ${text}`, ...(mend ? [`         ${mend}`] : [])];
}

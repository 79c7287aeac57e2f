import { Command } from "commander";
import { escaped } from "../core/printable.js";
import type { WiringFinding } from "../wiring/check/finding.js";
import type { Wiring } from "../wiring/wiring.js";
import { type Cli, ExitWith } from "./cli.js";
import { chosenWiring, WIRING_ARGUMENT } from "./wiring-choice.js";

interface CheckFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const MARKS = { warning: "warning", error: "error  " } as const;
const COLORS = { warning: 33, error: 31 } as const;

/** `circuit wiring check`: what is wrong with a wiring, before anything is plugged in. */
export function wiringCheckCommand(cli: Cli): Command {
  return new Command("check")
    .description(
      "find what breaks parts or the board, or cannot work, in a wiring and what a configuration asks of it",
    )
    .argument(...WIRING_ARGUMENT)
    .option("--json", "print a line of JSON for each finding")
    .option("--quiet", "print nothing where all is well")
    .addHelpText("after", "\nIt ends with 1 where there is an error; warnings may be meant.")
    .action(async (file: string | undefined, { json, quiet }: CheckFlags) => {
      const { wiring, text, definition } = await chosenWiring(cli, file);
      const { checkCircuitWiring } = await import("../circuit/check-wiring.js");
      const { lineOfPart } = await import("../wiring/line-of-part.js");
      const findings = checkCircuitWiring(wiring, definition).map((finding) => {
        const line = finding.parts[0] === undefined ? undefined : lineOfPart(text, finding.parts[0]);
        return { ...finding, ...(line !== undefined && { line }) };
      });
      for (const finding of findings) {
        if (json) cli.print(JSON.stringify({ file: wiring.source, ...finding }));
        else for (const line of describe(finding, wiring.source, cli.color)) cli.print(line);
      }
      const errors = findings.filter(({ severity }) => severity === "error").length;
      if (!json && !(quiet && findings.length === 0)) cli.print(summaryOf(wiring, findings.length, errors));
      if (errors > 0) throw new ExitWith(1);
    });
}

function describe(
  { rule, severity, text, mend, line }: WiringFinding & { readonly line?: number },
  source: string,
  color: boolean,
): string[] {
  const mark = color ? `\u001b[${COLORS[severity]}m${MARKS[severity]}\u001b[0m` : MARKS[severity];
  const where = line === undefined ? source : `${source}:${line}`;
  return [`${mark}  ${where}: ${escaped(text)} (${rule})`, `         ${escaped(mend)}`];
}

function summaryOf({ source, parts, wires }: Wiring, found: number, errors: number): string {
  const size = `${source}: ${plural(parts.length, "part")}, ${plural(wires.length, "wire")}`;
  if (found === 0) return `${size}, nothing wrong`;
  return `${size}, ${plural(errors, "error")}, ${plural(found - errors, "warning")}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

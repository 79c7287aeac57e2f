import { Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { writeDrawing } from "./drawing-file.js";
import { formatTable } from "./table.js";
import { wiringCheckCommand } from "./wiring-check.js";
import { chosenWiring, WIRING_ARGUMENT } from "./wiring-choice.js";

interface DrawFlags {
  readonly schematic?: boolean;
  readonly output?: string;
}

/** `circuit wiring`: checks and draws a wiring, and lists its parts. */
export function wiringCommand(cli: Cli): Command {
  return new Command("wiring")
    .description("check a wiring, draw it, or list its parts")
    .helpCommand("help [command]", "what a command takes")
    .addCommand(wiringCheckCommand(cli))
    .addCommand(drawCommand(cli))
    .addCommand(billCommand(cli));
}

function drawCommand(cli: Cli): Command {
  return new Command("draw")
    .description("draw a wiring as SVG")
    .argument(...WIRING_ARGUMENT)
    .addOption(
      new Option("--breadboard", "parts as they look, and where they lie (the default)").conflicts(
        "schematic",
      ),
    )
    .option("--schematic", "parts by their symbols, ordered by what they are joined to")
    .option("-o, --output <file>", "write the drawing here instead of to stdout")
    .action(async (file: string | undefined, { schematic, output }: DrawFlags) => {
      const { wiring } = await chosenWiring(cli, file);
      if (schematic) {
        const { drawSchematic } = await import("../wiring/schematic/schematic.js");
        return writeDrawing(cli, drawSchematic(wiring), output);
      }
      const { drawWiring } = await import("../wiring/draw/drawing.js");
      return writeDrawing(cli, drawWiring(wiring), output);
    });
}

function billCommand(cli: Cli): Command {
  return new Command("bom")
    .description("list the parts of a wiring: how many of what, and which they are")
    .argument(...WIRING_ARGUMENT)
    .addOption(new Option("--csv", "print comma-separated values").conflicts("json"))
    .option("--json", "print a line of JSON for each kind of part")
    .action(async (file: string | undefined, flags: { readonly csv?: boolean; readonly json?: boolean }) => {
      const { billOf } = await import("../wiring/bill.js");
      const { toOneLine } = await import("../wiring/quote.js");
      const bill = billOf((await chosenWiring(cli, file)).wiring);
      if (flags.json) {
        for (const line of bill) cli.print(JSON.stringify(line));
        return;
      }
      const rows = [
        ["quantity", "part", "value", "where"],
        ...bill.map(({ quantity, part, value, refs }) => [String(quantity), part, value, refs.join(" ")]),
      ];
      if (flags.csv) {
        const { stringify } = await import("csv-stringify/sync");
        // A cell that begins like a formula is text.
        cli.print(stringify(rows, { escape_formulas: true }).trimEnd());
        return;
      }
      for (const line of formatTable(rows.map((row) => row.map(toOneLine)))) cli.print(line);
    });
}

import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import { CircuitError } from "../core/error.js";
import { describeFileProblem } from "../core/file-problem.js";
import type { Cli } from "./cli.js";

/** `circuit wiring`: the drawing of a wiring. */
export function wiringCommand(cli: Cli): Command {
  return new Command("wiring")
    .description("draw a wiring as SVG")
    .argument("[file]", "wiring in Wokwi's format (default: the example's)")
    .option("-o, --output <file>", "write the drawing here instead of to stdout")
    .action(async (file: string | undefined, { output }: { output?: string }) => {
      const { EXAMPLE_WIRING } = await import("../circuit/example.js");
      const { loadWiring } = await import("../circuit/boards.js");
      const { drawWiring } = await import("../wiring/draw/drawing.js");
      const drawing = drawWiring(await loadWiring(file ?? EXAMPLE_WIRING));
      if (output === undefined) {
        cli.print(drawing.trimEnd());
        return;
      }
      await writeFile(output, drawing).catch((cause: unknown) => {
        throw new CircuitError("FILE_FAILED", `Cannot write ${output}: ${describeFileProblem(cause)}`, {
          hint: "Give a path that this user may write.",
          cause,
        });
      });
      cli.log(`Wrote ${output}`);
    });
}

import { Command, Option } from "commander";
import type { ChosenFlow } from "../circuit/flows/choose-flow.js";
import { escaped } from "../core/printable.js";
import type { Cli } from "./cli.js";
import { writeDrawing } from "./drawing-file.js";
import { addFlowFlags, chosenFlow, type FlowFlags } from "./flow-flags.js";
import { flowRunCommand } from "./flow-run.js";

interface GraphFlags extends FlowFlags {
  readonly format: "mermaid" | "svg";
  readonly out?: string;
}

/** `circuit flow`: runs, checks and draws flows. */
export function flowCommand(cli: Cli): Command {
  return new Command("flow")
    .description("run, check or draw a flow: supervised pipelines from a source to an output")
    .helpCommand("help [command]", "what a command takes")
    .addCommand(flowRunCommand(cli))
    .addCommand(checkCommand(cli))
    .addCommand(graphCommand(cli));
}

function checkCommand(cli: Cli): Command {
  return addFlowFlags(new Command("check"))
    .description("check a flow's pipelines without running anything or opening boards")
    .option("--json", "print a line of JSON for each pipeline")
    .option("--quiet", "print nothing where all is well")
    .action(
      async (given: string, flags: FlowFlags & { readonly json?: boolean; readonly quiet?: boolean }) => {
        const chosen = await chosenFlow(cli, given, flags);
        for (const { name, protocol, parts, edges } of await graphsOf(cli, chosen)) {
          if (flags.json) cli.print(JSON.stringify({ flow: chosen.name, name, protocol, parts, edges }));
          else if (!flags.quiet) {
            const count = (kind: string) => parts.filter((part) => part.kind === kind).length;
            const counts = [
              plural(count("source"), "source"),
              plural(count("processor"), "processor"),
              plural(count("output"), "output"),
              plural(edges.length, "connection"),
            ];
            cli.print(`${escaped(`${chosen.name}/${name}`)}: ${counts.join(", ")}, ${protocol}`);
          }
        }
      },
    );
}

function graphCommand(cli: Cli): Command {
  return addFlowFlags(new Command("graph"))
    .description("draw a flow's pipelines, as Mermaid's text or as SVG")
    .addOption(
      new Option("--format <format>", "mermaid or svg").choices(["mermaid", "svg"]).default("mermaid"),
    )
    .option("-o, --out <file>", "write the drawing here instead of to stdout")
    .action(async (given: string, { format, out, ...flags }: GraphFlags) => {
      const chosen = await chosenFlow(cli, given, flags);
      const graphs = await graphsOf(cli, chosen);
      const { mermaidOf } = await import("../circuit/flows/graph/mermaid.js");
      const { drawFlow } = await import("../circuit/flows/graph/draw-flow.js");
      const drawing = format === "svg" ? drawFlow(chosen.name, graphs) : `${mermaidOf(graphs)}\n`;
      await writeDrawing(cli, drawing, out);
    });
}

async function graphsOf(cli: Cli, chosen: ChosenFlow) {
  const { lookAtFlow } = await import("../circuit/flows/look.js");
  const { graphOf } = await import("../circuit/flows/graph/graph.js");
  const seen = await lookAtFlow(chosen, { log: cli.log, signal: cli.signal });
  return seen.map(({ manager, plan }) => graphOf(manager, plan));
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

import { Command, Option } from "commander";
import { findBroker } from "../circuit/broker.js";
import type { Moved } from "../circuit/control.js";
import type { Cli } from "./cli.js";

interface SwapFlags {
  readonly mesh?: string;
  readonly lan?: boolean;
  readonly name: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `circuit swap`: moves the sketch of a node that runs to another board. */
export function swapCommand(cli: Cli): Command {
  return new Command("swap")
    .description("move a running node's sketch to another board, pin states and all")
    .argument("<node>", "the node; all nodes that drive the same board move with it")
    .argument("<board>", "address of the other board, as its process opens it: sim:uno, /dev/ttyACM1 …")
    .addOption(
      new Option(
        "--mesh <url>",
        "NATS server that the node is reached by (default: the nodes that can be found)",
      ).env("CIRCUIT_MESH"),
    )
    .option("--lan", "find nodes of the local network too, by mDNS")
    .option("--name <node>", "who this is to nodes that ask for credentials", "swap")
    .option("--json", "say what was done as a line of JSON")
    .option("--quiet", "print nothing but notices of trouble")
    .action(async (node: string, board: string, flags: SwapFlags) => {
      const { addressForOthers, requestSwap } = await import("../circuit/swap.js");
      const moved = await requestSwap({
        ...{ node, board: addressForOthers(board, cli.folder), name: flags.name, lan: flags.lan ?? false },
        ...{ url: flags.mesh || findBroker(cli.env), env: cli.env, signal: cli.signal, notice: cli.log },
      });
      if (flags.json) cli.print(JSON.stringify(moved));
      else if (!flags.quiet) cli.print(describe(moved));
    });
}

function describe({ node, nodes, from, to, firmware, tookMs }: Moved): string {
  const others = nodes.filter((name) => name !== node);
  const who = [node, ...others].join(" and ");
  const why = others.length > 0 ? ", which share the board," : "";
  return `Moved ${who}${why} from ${from} to ${to}: ${firmware}, in ${Math.round(tookMs)} ms`;
}

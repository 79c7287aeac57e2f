import { Command } from "commander";
import { unlessAborted } from "../core/abort.js";
import type { Cli } from "./cli.js";
import { addEngineFlags, type EngineFlags, withEngine } from "./events-flags.js";

interface DashboardFlags extends EngineFlags {
  readonly at?: string;
}

/** `circuit dashboard`: the page of circuits that other processes run. */
export function dashboardCommand(cli: Cli): Command {
  const command = new Command("dashboard")
    .description(
      "show on a page the circuits whose nodes can be found; `circuit run --dashboard` shows its own",
    )
    .argument("[nodes...]", "nodes to ask besides those that are found; over NATS, all")
    .option("--at <port>", "port of the page, or host:port (default: 8770 of localhost)");
  return addEngineFlags(command).action(async (nodes: readonly string[], flags: DashboardFlags) => {
    const { JoinedCircuit } = await import("../dashboard/joined-circuit.js");
    const { openPage } = await import("../dashboard/open-page.js");
    const name = flags.name ?? "dashboard";
    await withEngine(cli, { flags, name, goesOn: true }, async (engine) => {
      const circuit = new JoinedCircuit({ engine, name, nodes });
      const page = await openPage({ ...{ circuit, env: cli.env, notice: cli.log }, at: flags.at ?? true });
      try {
        await unlessAborted(circuit.open(), cli.signal);
        showAddresses(cli, page.addresses);
        await unlessAborted(new Promise(() => {}), cli.signal);
      } finally {
        circuit.close();
        await page.close();
      }
    });
  });
}

/** Of localhost's two addresses the first is enough; of others some reach only some. */
export function showAddresses(cli: Cli, addresses: readonly string[]): void {
  for (const address of addresses) if (!address.includes("[::1]")) cli.log(`the page is at ${address}`);
}

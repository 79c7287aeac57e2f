import { Command } from "commander";
import type { PortInfo } from "../board/link/ports.js";
import type { Cli } from "./cli.js";
import { formatTable } from "./table.js";

/** `circuit boards`: which serial ports there are, and which of them look like boards. */
export function boardsCommand(cli: Cli): Command {
  return new Command("boards")
    .description("list the serial ports, and which look like Arduinos")
    .option("--json", "print a line of JSON for each port")
    .option("--quiet", "print the paths of likely boards only")
    .action(async ({ json, quiet }: { json?: boolean; quiet?: boolean }) => {
      const { listPorts } = await import("../board/link/ports.js");
      const ports = await listPorts();
      if (json) for (const port of ports) cli.print(JSON.stringify(port));
      else if (quiet) for (const { path } of ports.filter(({ likely }) => likely)) cli.print(path);
      else for (const line of table(ports)) cli.print(line);
    });
}

function table(ports: readonly PortInfo[]): string[] {
  if (ports.length === 0)
    return ["No serial ports. Plug a board in, or try `circuit run` on the emulated Uno."];
  const rows = ports.map(({ path, likely, why, serialNumber }) => [
    path,
    likely ? "yes" : "no",
    serialNumber ?? "-",
    why,
  ]);
  return formatTable([["PORT", "BOARD?", "SERIAL", "WHY"], ...rows]);
}

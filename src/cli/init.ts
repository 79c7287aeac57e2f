import { resolve } from "node:path";
import { Command } from "commander";
import type { Project } from "../circuit/init/init.js";
import type { Cli } from "./cli.js";

interface InitFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `circuit init`: a project to begin with. */
export function initCommand(cli: Cli): Command {
  return new Command("init")
    .description("write a project that runs and passes its test: sketch, wiring, configuration, test, CI")
    .argument("[folder]", "where to write it", ".")
    .option("--json", "print what was written as a line of JSON")
    .option("--quiet", "print nothing")
    .action(async (folder: string, { json, quiet }: InitFlags) => {
      const { initProject } = await import("../circuit/init/init.js");
      const project = await initProject(resolve(cli.folder, folder), cli.folder);
      if (json) cli.print(JSON.stringify(project));
      else if (!quiet) for (const line of told(project)) cli.print(line);
    });
}

function told({ folder, wrote, completed, next }: Project): string[] {
  return [
    `Wrote ${wrote.length} files into ${folder}: ${wrote.join(", ")}`,
    ...completed.map((path) => `Completed ${path}`),
    "Next:",
    ...next.map((command) => `  ${command}`),
  ];
}

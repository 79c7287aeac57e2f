// `npm run bench` measures every claim; `npm run bench -- mesh` those of the files whose name contains "mesh";
// `--write` keeps the table in test/bench/RESULTS.md.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, formatTable, HEADINGS, holds, measure } from "./bench.js";
import { listBenches } from "./list.js";

/** How to read the table. */
const HOW =
  "Figures are medians of runs that alternate with the peer's (five of each for most), ratios the medians of the pairs'. " +
  "Rates are those after a warm-up, of 2 s for the seed's job. Figures of virtual time are exact and come from one run.";

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith("--"));
const table: string[][] = [];
const unmeasured: string[] = [];
for (const { name, rows } of await listBenches(wanted)) {
  for (const row of rows) {
    const missing = row.missing?.();
    if (missing !== undefined) {
      unmeasured.push(`Not measured: ${row.claim}: ${missing}`);
      continue;
    }
    const result = await measure(row);
    if (holds(result) === false) process.exitCode = 1;
    table.push(describe(result));
    console.error(`${name}: ${describe(result).join("  ")}`);
  }
}

const text = [formatTable([HEADINGS, ...table]), ...unmeasured].join("\n\n");
console.log(text);
if (args.includes("--write")) {
  const command = ["npm run bench --", ...args].join(" ");
  const machine = `Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})`;
  writeFileSync(
    fileURLToPath(new URL("../../../test/bench/RESULTS.md", import.meta.url)),
    `# What was measured\n\nBy \`${command}\` on ${machine}. ${HOW}\n\n${text}\n`,
  );
}

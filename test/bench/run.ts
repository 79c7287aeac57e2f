// `npm run bench` measures every claim; `npm run bench -- mesh` those of the files whose name contains "mesh";
// `--write` keeps the table in test/bench/RESULTS.md.
import { readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, formatTable, HEADINGS, measure, type Row } from "./bench.js";

const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const folder = new URL("./", import.meta.url);

const table: string[][] = [];
let failures = 0;
for (const { file, row } of await listRows()) {
  const missing = row.missing?.();
  if (missing !== undefined) {
    console.error(`${row.claim}: not measured: ${missing}`);
    continue;
  }
  const cells = describe(await measure(row));
  if (cells.at(-1) === "FAILS") failures++;
  table.push(cells);
  console.error(`${file}: ${cells.join("  ")}`);
}
const text = formatTable([HEADINGS, ...table]);
console.log(text);
if (process.argv.includes("--write")) {
  const machine = `Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})`;
  const path = fileURLToPath(new URL("../../../test/bench/RESULTS.md", folder));
  writeFileSync(
    path,
    `# What was measured\n\nBy \`npm run bench -- --write\`: medians of five alternations, ${machine}.\n\n${text}\n`,
  );
}
process.exitCode = failures === 0 ? 0 : 1;

/** A bench is a file here that exports `rows`. */
async function listRows(): Promise<{ file: string; row: Row }[]> {
  const found: { file: string; row: Row }[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".js") || /^(?:run|bench|.*-end)\.js$/.test(file)) continue;
    if (wanted.length > 0 && !wanted.some((part) => file.includes(part))) continue;
    const { rows }: { rows?: readonly Row[] } = await import(new URL(file, folder).href);
    for (const row of rows ?? []) found.push({ file: file.replace(/\.js$/, ""), row });
  }
  return found;
}

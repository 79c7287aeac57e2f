import { readdirSync } from "node:fs";
import type { Row } from "./bench.js";

const folder = new URL("./", import.meta.url);

/** What runs by itself when it is imported. */
const PROGRAM = /(?:^run|-end|\.test)\.js$/;

/** A bench is a file of this folder that exports `rows`. */
export async function listBenches(
  wanted: readonly string[] = [],
): Promise<{ readonly name: string; readonly rows: readonly Row[] }[]> {
  const benches: { name: string; rows: readonly Row[] }[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".js") || PROGRAM.test(file)) continue;
    if (wanted.length > 0 && !wanted.some((part) => file.includes(part))) continue;
    const { rows }: { rows?: readonly Row[] } = await import(new URL(file, folder).href);
    if (rows) benches.push({ name: file.replace(/\.js$/, ""), rows });
  }
  return benches;
}

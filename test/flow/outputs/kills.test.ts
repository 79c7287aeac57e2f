import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../../src/core/random.js";
import { cases } from "../../long.js";
import { temporaryFolder } from "../../temporary-folder.js";

const END = fileURLToPath(new URL("rows-end.js", import.meta.url));

/**
 * Runs a process that adds rows, from a number on, and kills it after so many were said to be synced and a moment more.
 *
 * @returns The last row that it said was synced.
 */
async function writeAndKill(path: string, first: number, count: number, delayMs: number): Promise<number> {
  const child = spawn(process.execPath, [END, path, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let said = "";
  let isDying = false;
  child.stdout.setEncoding("utf8");
  for await (const text of child.stdout) {
    said += text;
    if (isDying || said.split("\n").length <= count) continue;
    isDying = true;
    setTimeout(() => child.kill("SIGKILL"), delayMs);
  }
  assert.deepEqual(await exited, [null, "SIGKILL"]);
  // The last line may be cut.
  return Number(said.split("\n").at(-2));
}

/** All rows of a file and of those that were rotated away. What is after the last whole one is left out. */
const ROWS_IN: Readonly<Record<string, (text: string) => number[]>> = {
  ndjson: (text) =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line).row),
  // Each row's text has line breaks of its own, and ends with its number again.
  csv: (text) => {
    assert.match(text, /^$|^row,text\n/);
    return [...text.matchAll(/^(\d+),"?(?:x\n)*(\d+)"?\n/gm)].map(([, row, again]) => {
      assert.equal(row, again);
      return Number(row);
    });
  },
};

function rowsIn(folder: string, format: string): number[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(format));
  return names
    .flatMap((name) => ROWS_IN[format]?.(readFileSync(join(folder, name), "utf8")) ?? [])
    .sort((one, other) => one - other);
}

for (const format of ["ndjson", "csv"]) {
  test(`${format}() that is killed at random moments has every row whole that it said was synced`, async () => {
    const random = seededRandom(7);
    const folder = temporaryFolder();
    let next = 0;
    for (let life = 0; life < cases(4, 100); life++) {
      const count = Math.floor(random() * 200) + 1;
      const last = await writeAndKill(join(folder, `rows.${format}`), next, count, random() * 10);
      const rows = rowsIn(folder, format);
      for (let row = 0; row <= last; row++) assert.equal(rows[row], row, `life ${life}`);
      next = (rows.at(-1) ?? -1) + 1;
      assert.equal(rows.length, next, `a row is there twice after life ${life}`);
    }
  });
}

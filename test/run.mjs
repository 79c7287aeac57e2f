// Runs the compiled tests. `npm test -- mesh` runs the files whose path contains "mesh".
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiled = join(root, "dist", "test");
const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith("--"));

/** node:test on Node 20 takes neither globs nor, on 24, folders: list the files. */
function listTests(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listTests(path);
    return entry.name.endsWith(".test.js") ? [path] : [];
  });
}

const files = listTests(compiled)
  .map((path) => relative(root, path))
  .filter((path) => wanted.every((part) => path.includes(part)));
if (files.length === 0) {
  console.error(
    `Cannot test: no compiled test below dist/test${wanted.length ? ` matches ${wanted.join(" and ")}` : ""}`,
  );
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ["--test", "--enable-source-maps", ...files], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, ...(args.includes("--long") ? { CIRCUIT_TEST_LONG: "1" } : {}) },
});
process.exit(status ?? 1);

// Lints, then runs the compiled tests. `npm test -- mesh` runs only the files whose path contains "mesh", and
// `--long` the long ones in full.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiled = join(root, "dist", "test");
const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith("--"));

function run(nodeArgs, env = {}) {
  const { status } = spawnSync(process.execPath, nodeArgs, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

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

if (wanted.length === 0) {
  const biome = createRequire(import.meta.url).resolve("@biomejs/biome/package.json");
  run([join(dirname(biome), "bin", "biome"), "check", "--error-on-warnings"]);
}
const reporters = ["dot", "./test/closing.mjs"].flatMap((reporter) => [
  `--test-reporter=${reporter}`,
  "--test-reporter-destination=stdout",
]);
// Node leaves a core idle, but tests wait more than they work.
const concurrency = `--test-concurrency=${availableParallelism()}`;
run(
  [
    "--test",
    concurrency,
    "--enable-source-maps",
    "--import",
    "./test/time-limit.mjs",
    ...reporters,
    ...files,
  ],
  args.includes("--long") ? { CIRCUIT_TEST_LONG: "1" } : {},
);

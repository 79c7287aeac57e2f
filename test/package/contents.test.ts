import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dependencies, pack, ROOT } from "./packed.js";

const { bytes, files } = pack();
const paths = files.map(({ path }) => path);

/** The one package with an install script: it looks for a binary that is built already, and comes with nine. */
const PREBUILT = "node_modules/@serialport/bindings-cpp";

/** Twice what it is: what is more than that came in unseen. */
const MOST_BYTES = 2_000_000;

test("the package is small", () => assert.ok(bytes < MOST_BYTES, `${bytes} bytes`));

test("the package has what it is made of, and no more", () => {
  const kinds = new Set(paths.map((path) => path.replace(/^(dist\/[^/]+|[^/]+)\/.*/, "$1/")));
  const root = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
  const folders = [
    "dist/browser/",
    "dist/src/",
    "dist/vendor/",
    "examples/",
    "firmware/",
    "template/",
    "wiring/",
  ];
  assert.deepEqual([...kinds].sort(), [...root, ...folders].sort());
  assert.deepEqual(
    paths.filter((path) => /^dist\/src\/.*(?<!\.js|\.d\.ts)$/.test(path)),
    ["icon.svg", "index.html", "LICENCES.txt", "page.css"].map((file) => `dist/src/dashboard/page/${file}`),
  );
});

test("what the manifest points to is in the package", () => {
  const { bin, exports, imports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const targets = [...JSON.stringify([bin, exports, imports]).matchAll(/"(?:\.\/)?(dist\/[^"]+)"/g)];
  assert.equal(targets.length, 8);
  for (const [, path = ""] of targets) assert.ok(paths.includes(path), path);
});

test("the program can be run as it is", () => {
  const main = files.find(({ path }) => path === "dist/src/cli/main.js");
  assert.equal((main?.mode ?? 0) & 0o111, 0o111);
  assert.match(readFileSync(join(ROOT, "dist/src/cli/main.js"), "utf8"), /^#!\/usr\/bin\/env node\n/);
});

test("a new project's files are all in the package, whatever npm leaves out elsewhere", () => {
  const template = paths.filter((path) => path.startsWith("template/")).map((path) => path.slice(9));
  assert.deepEqual(template.sort(), [
    ...[
      ".github/workflows/test.yml",
      ".gitlab-ci.yml",
      "README.md",
      "circuit.config.js",
      "gitignore",
      "lamp.js",
    ],
    ...["lamp.test.js", "package.json", "wiring.json"],
  ]);
});

test("the licences of what is bundled are in the package", () => {
  const licences = readFileSync(join(ROOT, "dist/vendor/LICENCES.txt"), "utf8");
  assert.ok(paths.includes("dist/vendor/LICENCES.txt"));
  const bundle = readFileSync(join(ROOT, "dist/vendor/johnny-five.mjs"), "utf8");
  const origins = bundle.matchAll(/^\/\/ node_modules\/(?:.*node_modules\/)?([^/]+)/gm);
  const bundled = new Set([...origins].map(([, name]) => name));
  assert.ok(bundled.has("johnny-five") && bundled.has("firmata-io"));
  for (const name of bundled)
    assert.match(licences, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, (MIT|ISC)$`, "m"));
});

test("of what is installed with it nothing is deprecated, and nothing is compiled", () => {
  const all = [...dependencies()];
  assert.ok(all.length > 20);
  assert.deepEqual(
    all.filter(([, { deprecated }]) => deprecated !== undefined),
    [],
  );
  const scripted = all.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
  assert.deepEqual(scripted, [PREBUILT]);
});

test("one serialport is installed with it, and no Johnny-Five that brings another", () => {
  const names = [...dependencies().keys()].map((path) => path.slice(path.lastIndexOf("node_modules/") + 13));
  assert.equal(names.filter((name) => name === "serialport").length, 1);
  assert.deepEqual(
    names.filter((name) => /^(johnny-five|firmata|firmata-io|browser-serialport)$/.test(name)),
    [],
  );
});

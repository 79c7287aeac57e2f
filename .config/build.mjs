// Builds dist/ from nothing: Johnny-Five and firmata-io as one file, then everything of ours by tsc.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);

rmSync(join(root, "dist"), { recursive: true, force: true });

// Johnny-Five's own package asks for serialport 8, which is compiled at install, and npm does not let a
// dependency override that. Bundled, it asks for nothing: the transport is always ours.
await build({
  stdin: {
    contents: 'exports.five = require("johnny-five"); exports.Firmata = require("firmata-io").Firmata;',
    resolveDir: root,
  },
  outfile: join(root, "dist/vendor/johnny-five.cjs"),
  bundle: true,
  platform: "node",
  target: "node20",
  legalComments: "linked",
  external: ["serialport", "browser-serialport", "firmata"],
  logLevel: "error",
});

const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "--project", root], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
writeFileSync(join(root, "dist/.built"), "");

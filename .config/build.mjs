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
    contents:
      'import five from "johnny-five"; import { Firmata } from "firmata-io"; export { five, Firmata };',
    resolveDir: root,
  },
  outfile: join(root, "dist/vendor/johnny-five.mjs"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  banner: {
    js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);',
  },
  external: ["serialport", "browser-serialport", "firmata"],
  legalComments: "linked",
  logLevel: "error",
});
writeFileSync(
  join(root, "dist/vendor/johnny-five.d.mts"),
  `export * as five from "johnny-five";

/** firmata-io has no types of its own: what uses it names what it needs. */
export declare const Firmata: new (transport: object, options: { reportVersionTimeout: number }) => unknown;
`,
);

const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "--project", root], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
writeFileSync(join(root, "dist/.built"), "");

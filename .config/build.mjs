// Builds dist/ from nothing: Johnny-Five and firmata-io as one file, then everything of ours by tsc.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { licencesOf } from "./licences.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);

rmSync(join(root, "dist"), { recursive: true, force: true });

/**
 * What Johnny-Five's parts tell, such as a sensor's `value`, cannot be redefined. Left open, it can tell nothing while the
 * board is away (src/board/session/hidden-readings.ts).
 */
const leaveOpen = {
  name: "leave-open",
  setup({ onLoad }) {
    onLoad({ filter: /johnny-five[\\/]lib[\\/].*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("Object.defineProperties(this,", "defineOpen(this,"),
    }));
  },
};
const DEFINE_OPEN = `const defineOpen = (object, descriptors) =>
  Object.defineProperties(
    object,
    Object.fromEntries(Object.entries(descriptors).map(([name, descriptor]) => [name, { ...descriptor, configurable: true }])),
  );`;

// Johnny-Five's own package asks for serialport 8, which is compiled at install, and npm does not let a
// dependency override that. Bundled, it asks for nothing: the transport is always ours.
const { metafile } = await build({
  absWorkingDir: root,
  metafile: true,
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
    js:
      'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\n' +
      DEFINE_OPEN,
  },
  plugins: [leaveOpen],
  external: ["serialport", "browser-serialport", "firmata"],
  logLevel: "error",
});
writeFileSync(join(root, "dist/vendor/LICENCES.txt"), licencesOf(root, Object.keys(metafile.inputs)));
writeFileSync(
  join(root, "dist/vendor/johnny-five.d.mts"),
  `export * as five from "johnny-five";

/** firmata-io has no types of its own: what uses it names what it needs. */
export declare const Firmata: new (transport: object, options: { reportVersionTimeout: number }) => unknown;
`,
);

// What runs in a browser is checked by itself: it has other globals.
const page = join(root, "src/dashboard/page");
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
for (const project of [root, page]) {
  const { status } = spawnSync(process.execPath, [tsc, "--project", project], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const built = join(root, "dist/src/dashboard/page");
const { metafile: pageFile } = await build({
  absWorkingDir: root,
  metafile: true,
  entryPoints: [join(page, "page.ts"), join(page, "page.css")],
  outdir: built,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"],
  legalComments: "none",
  logLevel: "error",
});
writeFileSync(join(built, "LICENCES.txt"), licencesOf(root, Object.keys(pageFile.inputs)));
chmodSync(join(root, "dist/src/cli/main.js"), 0o755);

// What a page loads, from what tsc has made: one file, without a module of Node's.
await build({
  entryPoints: [join(root, "dist/src/browser/browser.js")],
  outfile: join(root, "dist/browser/browser.mjs"),
  inject: [join(root, "dist/src/browser/shims.js")],
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: ["chrome110", "firefox115", "safari16.4"],
  logLevel: "error",
});
for (const file of ["index.html", "icon.svg"]) copyFileSync(join(page, file), join(built, file));
writeFileSync(join(root, "dist/.built"), "");

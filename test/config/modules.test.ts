import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { OWN_NAMES } from "../../src/config/load.js";
import { Modules } from "../../src/config/modules.js";
import { Sketch } from "../../src/sketch/sketch.js";
import { temporaryFolder } from "../temporary-folder.js";

/** Files by name, as they are loaded. */
function files(texts: Readonly<Record<string, string>>, manifest = "{}") {
  const folder = temporaryFolder();
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  for (const [name, text] of Object.entries({ "package.json": manifest, ...texts })) write(name, text);
  const modules = new Modules(OWN_NAMES);
  // The cast: these are what the files below export.
  const load = (name: string) => modules.load(join(folder, name)) as Promise<Record<string, unknown>>;
  const changed = () => modules.look().changed.map((path) => path.slice(folder.length + 1));
  return { folder, write, modules, load, changed };
}

/** The same files in each way that an engine tells code by. */
const KINDS: readonly { readonly ending: string; readonly manifest?: string }[] = [
  { ending: "ts" },
  { ending: "mjs" },
  { ending: "js" },
  { ending: "js", manifest: '{ "type": "module" }' },
];

for (const { ending, manifest } of KINDS) {
  test(`what has changed is loaded anew, and what imports it: .${ending} ${manifest ?? ""}`, async () => {
    const main = `import { Lamp } from "./lamp.${ending}"; import { Bell } from "./bell.${ending}";
      export default { Lamp, Bell };`;
    const lamp = `import { pin } from "./pins.${ending}"; import { Sketch } from "circuit-five";
      export class Lamp extends Sketch { static pin = pin; }`;
    const bell = `export class Bell {}`;
    const { write, load, changed } = files(
      {
        ...{ [`main.${ending}`]: main, [`lamp.${ending}`]: lamp, [`bell.${ending}`]: bell },
        [`pins.${ending}`]: "export const pin = 13;",
      },
      manifest,
    );
    const before = await load(`main.${ending}`);
    assert.deepEqual(changed(), []);
    write(`pins.${ending}`, "export const pin = 12;");
    assert.deepEqual(changed(), [`pins.${ending}`]);
    const after = await load(`main.${ending}`);
    assert.notEqual(after.Lamp, before.Lamp);
    assert.equal(Reflect.get(Object(after.Lamp), "pin"), 12);
    assert.equal(after.Bell, before.Bell, "it has not changed");
    assert.ok(Reflect.get(Object(after.Lamp), "prototype") instanceof Sketch, "circuit is the same");
  });
}

test("a file with a mistake is loaded when it is mended, and one that is missing when it is there", async () => {
  const { write, load, folder, modules } = files({
    "main.ts": `import { a } from "./a.ts"; export default { a };`,
    "a.ts": "export const a = 1;",
  });
  assert.equal((await load("main.ts")).a, 1);
  write("a.ts", "export const a = ;");
  await assert.rejects(load("main.ts"), /a\.ts:1:17/);
  write("a.ts", "export const a = 2;");
  assert.equal((await load("main.ts")).a, 2);
  rmSync(join(folder, "a.ts"));
  assert.ok(modules.look().isPartial);
  await assert.rejects(load("main.ts"));
  write("a.ts", "export const a = 3;");
  assert.equal((await load("main.ts")).a, 3);
});

test("a name may have another meaning where its file was run again, or it comes from one that was", async () => {
  const config = `import { Lamp } from "./lamp.ts"; import { pin } from "./pins.ts"; const own = 2;
    export default { lamp: () => new Lamp(), pin: () => pin, own: () => own, plain: (x) => x };`;
  const { write, load, modules } = files({
    "main.ts": config,
    "lamp.ts": "export class Lamp {}",
    "pins.ts": "export const pin = 13;",
  });
  await load("main.ts");
  write("pins.ts", "export const pin = 12;");
  const functions = await load("main.ts");
  const differing = Object.keys(functions).filter((name) => modules.mayDiffer(String(functions[name])));
  assert.deepEqual(differing, ["pin", "own"]);
});

test("old versions are not kept", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const { write, load } = files({
    "main.ts": `export { Lamp as default } from "./lamp.ts";`,
    "lamp.ts": "export class Lamp {}",
  });
  const versions: WeakRef<object>[] = [];
  for (let version = 0; version < 20; version++) {
    write("lamp.ts", `export class Lamp { static version = ${version}; }`);
    versions.push(new WeakRef(Object(await load("main.ts"))));
  }
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const kept = versions.filter((version) => version.deref() !== undefined);
  assert.ok(kept.length <= 2, `${kept.length} of ${versions.length} are kept`);
});

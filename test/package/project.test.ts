import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { Running } from "../cli/cli.js";
import { temporaryFolder } from "../temporary-folder.js";
import { install, pack, withThisNode } from "./packed.js";

/** A folder as people have them, with the package in it and nothing else. */
const folder = join(temporaryFolder(), "My Projects", "The Lamp");
const env = { ...withThisNode(), npm_config_offline: "true" };

before(() => {
  mkdirSync(folder, { recursive: true });
  install(pack(), folder);
});

test("circuit init, npm test and npm start work one after another, as a newcomer types them", async (t) => {
  const type = async (line: string) => {
    const { code, stdout, stderr } = await new Running(t, line.split(" "), { env, folder }).ended();
    assert.equal(code, 0, `${line}: ${stdout}${stderr}`);
    return stdout;
  };
  assert.match(
    await type("npx circuit init"),
    /^Wrote 9 files into .*The Lamp: .*\nNext:\n {2}npm test\n {2}npm start\n$/,
  );
  const { name, dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { version } = JSON.parse(
    readFileSync(join(folder, "node_modules/circuit-five/package.json"), "utf8"),
  );
  assert.deepEqual([name, dependencies], ["the-lamp", { "circuit-five": `^${version}` }]);
  assert.match(await type("npm test"), /^. pass 3$/m);
  const events = (await type("npx circuit run --ticks 2 --delay 0 --json")).trim().split("\n");
  const { ticks, acks, edges } = JSON.parse(events.at(-1) ?? "");
  assert.deepEqual([ticks, acks, edges.desk["13"]], [2, 2, 2]);
  assert.match(await type("npm start -- --ticks 1 --delay 0"), /^\[ clock \] < on$/m);
});

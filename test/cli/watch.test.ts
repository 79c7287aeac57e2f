import assert from "node:assert/strict";
import { renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const lampOf = (sign: string) => `
import { five, Sketch, type SketchContext } from "circuit-five";
export class Lamp extends Sketch {
  override setup({ board }: SketchContext): void {
    new five.Led({ pin: 13, board });
    this.out("${sign}");
  }
}
`;
const CONFIG = `
import { defineCircuit } from "circuit-five";
import { Lamp } from "./lamp.ts";
export default defineCircuit({ boards: { board: "mock" }, nodes: { lamp: { sketch: Lamp } } });
`;

async function watch(context: TestContext) {
  const folder = temporaryFolder();
  const lamp = join(folder, "lamp.ts");
  writeFileSync(lamp, lampOf("old"));
  writeFileSync(join(folder, "circuit.config.ts"), CONFIG);
  const running = startCircuit(context, ["run", "--watch"], { folder });
  await running.said(/\[ lamp \] old/);
  return { folder, lamp, running };
}

const SAVES: Readonly<Record<string, (path: string, text: string) => void>> = {
  "in place": (path, text) => writeFileSync(path, text),
  "by renaming another": (path, text) => {
    writeFileSync(`${path}~`, text);
    renameSync(`${path}~`, path);
  },
  "in two steps": (path, text) => {
    truncateSync(path);
    writeFileSync(path, text);
  },
};

test("circuit run --watch swaps a sketch however it is saved, tells a mistake, and stops as any", async (context) => {
  const { lamp, running } = await watch(context);
  for (const [how, save] of Object.entries(SAVES)) {
    save(lamp, lampOf(how));
    await running.said(new RegExp(`^\\[ lamp \\] ${how}$`));
  }
  await running.said(/^lamp\.ts changed: lamp swapped in \d+ ms$/);
  // The same again is no change: what comes next is the mistake's.
  writeFileSync(lamp, lampOf("in two steps"));
  writeFileSync(lamp, lampOf("oops").replace("{ pin: 13", "{ pin: "));
  await running.said(/^lamp\.ts changed, and all goes on as it was: Cannot load .*lamp\.ts:5:/);
  writeFileSync(lamp, lampOf("mended"));
  await running.said(/^\[ lamp \] mended$/);
  running.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended();
  assert.equal(code, 130);
  assert.deepEqual(stdout.match(/(?<=\[ lamp \] ).*/g), ["old", ...Object.keys(SAVES), "mended"]);
  assert.equal(stderr.match(/ready in/g)?.length, 1, "the board was opened once");
});

test("circuit run --watch refuses the example, which is in no file", async (context) => {
  const { code, stderr } = await circuit(context, ["run", "--watch"]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^circuit: Cannot watch anything: the example circuit runs, which is in no file\n {2}Give/,
  );
});

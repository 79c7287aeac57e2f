import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { install, pack } from "./packed.js";

const TSC = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

/** A program of a user's, with what types are hardest on: a class to inherit, a decorator, Johnny-Five's own types. */
const PROGRAM = `
import { CircuitError, defineCircuit, five, On, on, Sketch, type ObservedEvent, type SketchContext } from "circuit-five";
import { emulate, MockBoard, type Rig } from "circuit-five/testing";

export class Lamp extends Sketch {
  #led!: five.Led;
  override setup({ board }: SketchContext): void {
    this.#led = new five.Led({ pin: 13, board });
  }
  override async loop(_channel: string, message: string): Promise<string> {
    if (message === "1") this.#led.on();
    return "done";
  }
  @On("room.celsius", { filter: ({ data }) => Number(data) > 22 })
  tooHot({ data }: ObservedEvent): void {
    this.publish("alarm.heat", data);
  }
}
export default defineCircuit({
  nodes: { lamp: { sketch: Lamp } },
  observers: [on("alarm.>", ({ subject }) => console.log(subject))],
});
export async function sees(): Promise<Rig> {
  const rig = await emulate("wiring.json", { sketch: Lamp });
  await rig.expectPin(13).toBlink({ everyMs: 500, times: 3 });
  return rig;
}
export const mock: MockBoard = new MockBoard();

// @ts-expect-error: what is wrong is seen, and not any.
new five.Led({ pin: {} });
// @ts-expect-error
defineCircuit({ nodes: { lamp: { sketch: 1 } } });
// @ts-expect-error
new CircuitError("NO_SUCH_CODE", "");
`;

const folder = temporaryFolder();
before(() => {
  install(pack(), folder);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "program.ts"), PROGRAM);
});

const STRICT = ["--strict", "--target", "es2022", "--noEmit", "--ignoreConfig"];

/** The package's own types, and those that they need, are checked as well. */
const LIBRARIES = ["--skipLibCheck", "false"];

for (const [how, options] of [
  ["nodenext", ["--module", "nodenext", ...LIBRARIES]],
  ["bundler", ["--module", "esnext", "--moduleResolution", "bundler", ...LIBRARIES]],
  // Under which @types/node 20 has a mistake of its own.
  [
    "nodenext and exactOptionalPropertyTypes",
    ["--module", "nodenext", "--exactOptionalPropertyTypes", "--skipLibCheck"],
  ],
] as const) {
  test(`types resolve under ${how}`, () => {
    const args = [TSC, ...STRICT, ...options, "program.ts"];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
}

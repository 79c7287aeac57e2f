import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const CONFIG = `
import { defineCircuit, five, Sketch } from "circuit-five";
class Lamp extends Sketch {
  setup({ board }) { this.led = new five.Led({ pin: 13, board }); }
  loop(channel, message) { this.led[message === "1" ? "on" : "off"](); return "lamp " + message; }
}
export default defineCircuit({ boards: { desk: "mock" }, nodes: { lamp: { sketch: Lamp } } });
`;

function folderWith(config: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "circuit.config.ts"), config);
  return folder;
}

const LINES: readonly { readonly what: string; readonly lines: string; readonly told: RegExp }[] = [
  {
    what: "nodes and boards by name",
    lines: "[lamp.constructor.name, desk === board]",
    told: /^\[ 'Lamp', true \]$/m,
  },
  { what: "all of them", lines: "Object.keys({ ...nodes, ...boards })", told: /^\[ 'lamp', 'desk' \]$/m },
  { what: "top-level await", lines: 'await send("lamp", "1")', told: /^'lamp 1'$/m },
  {
    what: "one line after the other",
    lines: 'const one = await send("lamp", "1")\nconst two = await send("lamp", "0")\none + two',
    told: /^'lamp 1lamp 0'$/m,
  },
  { what: "what takes several lines", lines: "function two() {\n  return 2;\n}\ntwo() + 40", told: /^42$/m },
  {
    what: "Johnny-Five and the mesh",
    lines: "[typeof five.Led, typeof mesh.counts]",
    told: /'function', 'function'/,
  },
  { what: "publish()", lines: 'publish("desk.lit", 1)', told: /^0$/m },
  {
    what: "an error, and goes on",
    lines: 'throw new Error("oops")\n6 * 7',
    told: /Uncaught Error: oops[\s\S]*^42$/m,
  },
  {
    what: "an error of circuit's with what to do, and without its trace",
    lines: "board.ordered(200)\n1",
    told: /Cannot keep each value of pin 200: .*\n {2}Name pins by their numbers.*\n1$/m,
  },
];

test("circuit run --repl answers what is piped in, line by line", async (context) => {
  const folder = folderWith(CONFIG);
  for (const { what, lines, told } of LINES) {
    const { code, stdout, stderr } = await circuit(context, ["run", "--repl"], { folder, input: lines });
    assert.match(stdout, told, what);
    assert.equal(code, 0, `${what}: ${stderr}`);
    assert.match(stdout, /confirmed write/, "it stopped as a circuit does");
  }
});

test(".exit ends it with 0, and an interrupt with 130", async (context) => {
  const options = { folder: folderWith(CONFIG), keepsInput: true };
  const left = await circuit(context, ["run", "--repl"], { ...options, input: ".exit\n1 + 1\n" });
  assert.deepEqual([left.code, /^2$/m.test(left.stdout)], [0, false]);
  const running = startCircuit(context, ["run", "--repl"], { ...options, input: "6 * 7\n" });
  await running.said(/^42$/);
  running.kill("SIGINT");
  assert.equal((await running.ended()).code, 130);
});

test("with --watch, names show the sketch as it is now", async (context) => {
  const folder = folderWith(CONFIG);
  const change = `require("node:fs").writeFileSync("circuit.config.ts",
    require("node:fs").readFileSync("circuit.config.ts", "utf8").replaceAll("Lamp", "Torch"));
    await new Promise((resolve) => { const first = lamp; const look = () => lamp === first ? setTimeout(look, 5) : resolve(); look(); });
    lamp.constructor.name`;
  const input = `lamp.constructor.name\n${change.replace(/\n\s*/g, " ")}\n`;
  const { code, stdout } = await circuit(context, ["run", "--watch", "--repl"], { folder, input });
  assert.match(stdout, /^'Lamp'$[\s\S]*^'Torch'$/m);
  assert.equal(code, 0);
});

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeToHost } from "../../src/firmata/to-host.js";
import type { Entry } from "../../src/record/entry.js";
import { RecordingWriter } from "../../src/record/recording-writer.js";
import { squareWave } from "../record/export/exported.js";
import { readVcd } from "../record/export/vcd-file.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit } from "./cli.js";

const WIRING = fileURLToPath(new URL("../../../wiring/doorbell.json", import.meta.url));
const folder = temporaryFolder();
const file = (name: string) => join(folder, name);

async function record(name: string, entries: readonly Entry[]): Promise<void> {
  const writer = await RecordingWriter.create(file(name), { version: "1.2.3", boards: { desk: "sim:uno" } });
  for (const entry of entries) writer.add(entry);
  await writer.close();
}

before(async () => {
  await record("bell.circuit", [
    ...squareWave("desk", 8, { frequencyHz: 440, fromMs: 100, forMs: 500 }),
    {
      ...{ kind: "to-host", board: "desk", atMs: 700.25 },
      bytes: encodeToHost({ type: "analog", channel: 1, value: 512 }),
    },
  ]);
  await record("quiet.circuit", []);
  writeFileSync(file("other"), "not one of ours");
});

test("circuit record makes all three in one go, over what is there", async (context) => {
  writeFileSync(file("out.csv"), "old ".repeat(100));
  const outputs = ["--vcd", "out.vcd", "--wav", "out.wav", "--csv", "out.csv", "--wiring", WIRING];
  const { code, stdout, stderr } = await circuit(context, ["record", "bell.circuit", ...outputs], { folder });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.equal(
    stderr,
    "Wrote out.vcd: 3 pins, 440 changes\nWrote out.wav: 0.7 s of a piezo\nWrote out.csv: 1 samples\n",
  );
  const { wires } = readVcd(readFileSync(file("out.vcd"), "utf8"));
  const names = wires.map(({ scope, name }) => `${scope}.${name}`);
  assert.deepEqual(names, ["desk.pin2_button1", "desk.pin8_piezo1", "desk.pin13_led1"]);
  assert.equal(readFileSync(file("out.csv"), "utf8"), "timeMs,board,pin,value\n700.25,desk,A1,512\n");
  assert.equal(readFileSync(file("out.wav")).toString("latin1", 0, 4), "RIFF");
});

test("circuit record writes one of them to stdout", async (context) => {
  const { stdout, stderr } = await circuit(context, ["record", file("bell.circuit"), "--vcd", "-"]);
  assert.equal(readVcd(stdout).wires[0]?.values.length, 441);
  assert.equal(stderr, "Wrote to stdout: 1 pins, 440 changes\n");
});

test("circuit record reads what is whole of a recording that was cut off", async (context) => {
  const bytes = readFileSync(file("bell.circuit"));
  writeFileSync(file("cut.circuit"), bytes.subarray(0, bytes.length / 2));
  const { code, stdout } = await circuit(context, ["record", file("cut.circuit"), "--vcd", "-"]);
  assert.equal(code, 0);
  const changes = readVcd(stdout).wires[0]?.values.length ?? 0;
  assert.ok(changes > 10 && changes < 441, `${changes}`);
});

test("circuit record makes files without anything in them of a quiet recording, and says so", async (context) => {
  const args = ["record", "quiet.circuit", "--vcd", "q.vcd", "--wav", "q.wav", "--csv", "q.csv"];
  const { code, stderr } = await circuit(context, args, { folder });
  assert.equal(code, 0);
  assert.match(stderr, /^ {2}the recording has no pin of a board$/m);
  assert.match(stderr, /^ {2}the recording has no piezo/m);
  assert.match(stderr, /^ {2}the recording has no analog samples$/m);
  assert.equal(readFileSync(file("q.csv"), "utf8"), "timeMs,board,pin,value\n");
  assert.equal(readFileSync(file("q.wav")).length, 44);
});

const REFUSALS: readonly (readonly [name: string, args: readonly string[], code: number, says: RegExp])[] = [
  ["nothing to make", ["bell.circuit"], 2, /nothing is asked for/],
  ["wires without an output", ["bell.circuit", "--wiring", WIRING], 2, /nothing is asked for/],
  [
    "an output of what is shrunk",
    ["bell.circuit", "--shrink", "--vcd", "x", "--", "false"],
    2,
    /--shrink makes/,
  ],
  ["a command where nothing is shrunk", ["bell.circuit", "--vcd", "x", "--", "false"], 2, /Cannot run false/],
  ["a foreign file", ["other", "--vcd", "x"], 74, /it is no recording/],
  ["a missing file", ["none", "--vcd", "x"], 74, /there is no such file/],
  ["two on stdout", ["bell.circuit", "--vcd", "-", "--csv", "-"], 2, /it is where --vcd goes/],
  ["the recording itself", ["bell.circuit", "--vcd", "bell.circuit"], 2, /it is the recording bell.circuit/],
  ["a folder", ["bell.circuit", "--wav", "."], 74, /Cannot write \.: it is a folder/],
  ["a missing wiring", ["bell.circuit", "--wav", "x", "--wiring", "none"], 74, /the wiring none/],
];

for (const [name, args, code, says] of REFUSALS)
  test(`circuit record refuses ${name}, and leaves the recording as it is`, async (context) => {
    const before = readFileSync(file("bell.circuit"));
    const ended = await circuit(context, ["record", ...args], { folder });
    assert.match(ended.stderr, says);
    assert.equal(ended.code, code, ended.stderr);
    assert.deepEqual(readFileSync(file("bell.circuit")), before);
  });

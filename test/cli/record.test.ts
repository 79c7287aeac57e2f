import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openRecording } from "../../src/record/recording.js";
import { readEntries } from "../record/recorder.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, MAIN, Running, startCircuit } from "./cli.js";

const QUICK = ["--bit-ms", "0", "--tone-ms", "1", "-d", "0"];
const FOR_EVER = ["run", "--board", "mock", ...QUICK, "-t", "0"];

const BLINK =
  'const five = require("johnny-five");new five.Board().on("ready", () => new five.Led(13).blink(20));';

async function isWhole(path: string): Promise<boolean> {
  const recording = await openRecording(path);
  await recording.close();
  return recording.isWhole;
}

describe("circuit run --record", { concurrency: 3 }, () => {
  test("keeps a run, says where and how long, and prints the summary last", async (context) => {
    const folder = temporaryFolder();
    const args = ["run", "--board", "mock", ...QUICK, "-t", "2", "--record", "trip.circuit", "--json"];
    const { code, stdout } = await circuit(context, args, { folder });
    assert.equal(code, 0);
    const told = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.match(told.at(-2).text, /^recorded \d+\.\d s to trip\.circuit, \d+\.\d kB$/);
    assert.equal(told.at(-1).type, "summary");
    const path = join(folder, "trip.circuit");
    assert.ok(await isWhole(path));
    const entries = await readEntries(path);
    const kept = entries.flatMap((entry) => (entry.kind === "told" ? [JSON.parse(entry.text)] : []));
    assert.deepEqual(kept, told.toSpliced(-2, 1));
    const kinds = new Set(entries.map(({ kind }) => kind));
    for (const kind of ["board", "to-board", "to-host", "edge", "message", "ack"] as const)
      assert.ok(kinds.has(kind), `no ${kind}`);
  });

  test("names the file after the time where no name is given", async (context) => {
    const folder = temporaryFolder();
    const { code } = await circuit(context, ["run", "--board", "mock", ...QUICK, "-t", "1", "--record"], {
      folder,
    });
    assert.equal(code, 0);
    assert.match(readdirSync(folder).join(), /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.circuit$/);
  });

  test("leaves a file that is there as it is: 74", async (context) => {
    const { code, stderr } = await circuit(context, ["run", "--board", "mock", "--record", MAIN]);
    assert.equal(code, 74);
    assert.match(stderr, /there is such a file already\n {2}Name another file, or delete this one\.\n$/);
    assert.match(readFileSync(MAIN, "utf8"), /^#!/);
  });

  for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    test(`leaves a whole file after ${signal}`, async (context) => {
      const path = join(temporaryFolder(), "a.circuit");
      const running = startCircuit(context, [...FOR_EVER, "--record", path]);
      await running.said(/< acknowledged/);
      running.kill(signal);
      assert.equal((await running.ended()).code, exitCode);
      assert.ok(await isWhole(path));
    });
  }

  test("leaves a file that opens after SIGKILL, with what was 100 ms before", async (context) => {
    const path = join(temporaryFolder(), "a.circuit");
    const running = startCircuit(context, [...FOR_EVER, "--record", path]);
    await running.said(/< acknowledged/);
    // What is in the file by now has to stay there.
    while ((await readEntries(path)).filter(({ kind }) => kind === "ack").length < 10);
    const before = await readEntries(path);
    running.kill("SIGKILL");
    await running.ended();
    assert.equal(await isWhole(path), false);
    assert.deepEqual((await readEntries(path)).slice(0, before.length), before);
  });

  test("goes on where the disk is full, and says that nothing more is recorded", async (context) => {
    const path = join(temporaryFolder(), "a.circuit");
    // As on a full disk, a file grows to 8 blocks of 512 or 1 024 bytes, and no further.
    const limited = "ulimit -f 8; trap '' XFSZ; exec \"$@\"";
    const args = ["run", "--board", "mock", ...QUICK, "-t", "300", "--quiet", "--record", path];
    const running = new Running(context, ["sh", "-c", limited, "sh", process.execPath, MAIN, ...args]);
    const { code, stdout, stderr } = await running.ended();
    assert.equal(code, 0);
    assert.match(stdout, /^300 ticks, 300 acks/);
    assert.match(stderr, /^Cannot record to .*a\.circuit: [^\n]+\n.*; nothing more is recorded\n$/);
    assert.ok(statSync(path).size <= 8_192);
    assert.ok((await readEntries(path)).length > 10);
    assert.equal(await isWhole(path), false);
  });
});

test("circuit exec --record keeps the board of a script", async (context) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "blink.cjs"), BLINK);
  const args = ["exec", "--board", "mock", "--record", "a.circuit", "blink.cjs"];
  const running = startCircuit(context, args, { folder });
  await running.said(/ready in/);
  const path = join(folder, "a.circuit");
  while (!(await readEntries(path)).some(({ kind }) => kind === "edge"));
  running.kill("SIGINT");
  assert.equal((await running.ended()).code, 130);
  assert.ok(await isWhole(path));
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { circuit } from "./cli.js";

const QUICK = ["run", "--board", "mock", "-t", "2", "-d", "0", "--bit-ms", "0", "--seed", "1"];

const parsed = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line): Record<string, unknown> => JSON.parse(line));

describe("circuit run prints", { concurrency: 2 }, () => {
  test("what each node does, then a summary; of the board on stderr", async (context) => {
    const { code, stdout, stderr } = await circuit(context, QUICK);
    assert.equal(code, 0);
    const line =
      /^(\[ (clock|iopin|buzzer) \] .+|2 ticks, 2 acks, 6 confirmed writes|tick to ack: p50 \d+\.\d ms, p99 \d+\.\d ms)$/;
    for (const found of stdout.trimEnd().split("\n")) assert.match(found, line);
    assert.match(stdout, /^\[ clock \] > 0\n\[ iopin \] toggling pin 13: \[[01], [01], [01]\]\n/);
    assert.match(stderr, /^mock: CircuitFirmata\.ino 1\.1, ready in \d+ ms\n$/);
    assert.ok(stdout.endsWith("\n"));
  });

  test("nothing but the summary with --quiet", async (context) => {
    const { stdout, stderr } = await circuit(context, [...QUICK, "--quiet"]);
    assert.match(stdout, /^2 ticks, 2 acks, 6 confirmed writes\ntick to ack: [^\n]+\n$/);
    assert.equal(stderr, "");
  });

  test("lines of JSON alone with --json", async (context) => {
    const { stdout, stderr } = await circuit(context, [...QUICK, "--json"]);
    const events = parsed(stdout);
    assert.equal(stderr, "");
    assert.deepEqual(Object.keys(events[0] ?? {}), ["type", "board", "address", "firmware", "readyMs"]);
    assert.deepEqual(events[1], { type: "out", node: "clock", text: "> 0" });
    const { p50Ms, p99Ms, ...counts } = events.at(-1) ?? {};
    assert.deepEqual(counts, { type: "summary", ticks: 2, acks: 2, confirmedWrites: 6 });
    assert.ok(typeof p50Ms === "number" && typeof p99Ms === "number" && p50Ms <= p99Ms);
  });

  test("lines of JSON, and the edges that were seen, on the emulated Uno", async (context) => {
    const { stdout, code } = await circuit(context, [
      "run",
      "-t",
      "1",
      "--bit-ms",
      "10",
      "--json",
      "--chance",
      "0",
    ]);
    assert.equal(code, 0);
    const { edges } = parsed(stdout).at(-1) as { edges: Record<string, Record<string, number>> };
    assert.deepEqual(Object.keys(edges), ["board"]);
    assert.equal(edges.board?.[13], 1);
  });

  test("no colour where it is no terminal, and none under NO_COLOR", async (context) => {
    for (const env of [{}, { NO_COLOR: "1" }]) {
      const { stdout, stderr } = await circuit(context, QUICK, { env });
      assert.ok(!`${stdout}${stderr}`.includes("\x1b["));
    }
  });

  test("what failed on stderr, with --json too", async (context) => {
    const { code, stdout, stderr } = await circuit(context, ["run", "--board", "/dev/ttyNOPE", "--json"]);
    assert.equal(code, 69);
    assert.equal(stdout, "");
    assert.match(stderr, /^circuit: Cannot open/);
  });
});

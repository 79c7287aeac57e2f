import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, type Running, startCircuit } from "./cli.js";

const LISTENS = /listens on (ws:\/\/127\.0\.0\.1:\d+)/;

function place(context: TestContext) {
  const runtime = temporaryFolder();
  const env = { XDG_RUNTIME_DIR: runtime };
  return {
    runtime,
    folder: join(runtime, "circuit"),
    start: (...args: string[]) => startCircuit(context, args, { env }),
    run: (...args: string[]) => circuit(context, args, { env }),
  };
}

/** What nodes have left in their folder, besides the secret that they share. */
function adverts(folder: string): string[] {
  return readdirSync(folder).filter((file) => file !== "secret");
}

async function addressOf(node: Running): Promise<string> {
  const [, address = ""] = await node.said(LISTENS);
  return address;
}

describe("circuit nodes", { concurrency: 2 }, () => {
  test("lists what runs, with sketch, board, age and round trip", async (context) => {
    const { start, run } = place(context);
    const buzzer = await addressOf(start("buzzer", "-p", "0", "--board", "mock"));
    const iopin = await addressOf(start("iopin", "-p", "0", "--board", "mock"));
    const { code, stdout } = await run("nodes");
    assert.equal(code, 0);
    const [head = "", ...rows] = stdout.trimEnd().split("\n");
    assert.match(head, /^NODE +ADDRESS +SKETCH +BOARD +ENGINE +KNOWN BY +AGE +ROUND TRIP$/);
    assert.equal(rows.length, 2);
    assert.match(
      rows[0] ?? "",
      new RegExp(`^buzzer +${buzzer} +buzzer +mock +ws +local +\\d+ s +\\d+\\.\\d\\d ms$`),
    );
    assert.match(
      rows[1] ?? "",
      new RegExp(`^iopin +${iopin} +iopin +mock +ws +local +\\d+ s +\\d+\\.\\d\\d ms$`),
    );
    const json = (await run("nodes", "--json")).stdout.trimEnd().split("\n");
    const nodes = json.map((line) => JSON.parse(line));
    assert.deepEqual(
      nodes.map(({ name, address, roundTripMs }) => [name, address, typeof roundTripMs]),
      [
        ["buzzer", buzzer, "number"],
        ["iopin", iopin, "number"],
      ],
    );
    assert.equal((await run("nodes", "--quiet")).stdout, `buzzer=${buzzer}\niopin=${iopin}\n`);
  });

  test("asks the grid of a configuration too, and shows a node once", async (context) => {
    const { start, run, runtime } = place(context);
    const buzzer = await addressOf(start("buzzer", "-p", "0", "--board", "mock"));
    const config = join(runtime, "circuit.config.json");
    const grid = { bell: buzzer, gate: "ws://127.0.0.1:1" };
    writeFileSync(config, JSON.stringify({ nodes: { clock: { sketch: "clock" } }, grid }));
    const { stdout } = await run("nodes", config);
    const rows = stdout.trimEnd().split("\n").slice(1);
    assert.equal(rows.length, 2, stdout);
    assert.match(rows[0] ?? "", /^buzzer .* local /);
    assert.match(rows[1] ?? "", /^gate +ws:\/\/127\.0\.0\.1:1 +- +- +ws +grid +- +no answer$/);
  });

  test("says that there is none, also after one was killed", async (context) => {
    const { start, run, folder } = place(context);
    const none = await run("nodes");
    assert.equal(none.code, 0);
    assert.match(none.stdout, /^No nodes\. Start one/);
    const node = start("buzzer", "-p", "0", "--board", "mock");
    await addressOf(node);
    node.kill("SIGKILL");
    await node.ended();
    assert.equal(adverts(folder).length, 1);
    assert.match((await run("nodes")).stdout, /^No nodes/);
    assert.deepEqual(adverts(folder), []);
  });

  test("prints a line for each change with --watch, until it is stopped", async (context) => {
    const { start } = place(context);
    const watching = start("nodes", "--watch");
    const node = start("buzzer", "-p", "0", "--board", "mock");
    const address = await addressOf(node);
    await watching.said(new RegExp(`^\\+ {2}buzzer {2}${address} {2}buzzer {2}mock {2}ws {2}local`));
    node.kill("SIGTERM");
    await watching.said(/^- {2}buzzer/);
    watching.kill("SIGINT");
    const { code, stdout } = await watching.ended();
    assert.equal(code, 130);
    assert.equal(stdout.trimEnd().split("\n").length, 2);
  });

  test("refuses a folder that is open to others; what runs goes on without it, and says so", async (context) => {
    const { start, run, folder } = place(context);
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    const { code, stderr } = await run("nodes");
    assert.equal(code, 74);
    assert.match(
      stderr,
      /^circuit: Cannot find nodes of this machine in .*: other users may use it \(mode 777\)$/m,
    );
    assert.match(stderr, /^ {2}Run `chmod 700 /m);
    const node = start("buzzer", "-p", "0", "--board", "mock");
    await node.said(/^Cannot find nodes of this machine/);
    await addressOf(node);
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe("circuit's processes find each other", { concurrency: 2 }, () => {
  test("whatever their ports", async (context) => {
    const { start, run } = place(context);
    start("buzzer", "-p", "0", "--board", "mock");
    start("iopin", "-p", "0", "--board", "mock");
    const { code, stdout, stderr } = await run("clock", "-t", "3", "-d", "0");
    assert.equal(code, 0, stderr);
    assert.equal(stdout.match(/\[ clock \] < acknowledged/g)?.length, 3);
  });

  test("in a circuit of one's own", async (context) => {
    const { start, run, runtime } = place(context);
    start("buzzer", "-p", "0", "--board", "mock");
    start("iopin", "-p", "0", "--board", "mock");
    const config = join(runtime, "circuit.config.json");
    writeFileSync(
      config,
      JSON.stringify({ nodes: { clock: { sketch: "clock", options: { delaySeconds: 0 } } } }),
    );
    const { code, stdout, stderr } = await run("run", config);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^5 ticks, 5 acks/m);
  });

  test("not with --no-announce", async (context) => {
    const { start, run, folder } = place(context);
    await addressOf(start("buzzer", "-p", "0", "--board", "mock", "--no-announce"));
    assert.match((await run("nodes")).stdout, /^No nodes/);
    assert.deepEqual(adverts(folder), []);
  });

  test("and are told of a namesake", async (context) => {
    const { start } = place(context);
    const first = start("buzzer", "-p", "0", "--board", "mock");
    await addressOf(first);
    const second = start("buzzer", "-p", "0", "--board", "mock");
    for (const node of [first, second]) await node.said(/^Two nodes claim the name buzzer: this one at ws:/);
  });
});

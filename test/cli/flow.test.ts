import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

/** A folder with these files. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A flow whose pipeline has this source and this taker. */
function flow({
  source = "function* () { yield* [1, 2, 3]; }",
  take = "(item) => {}",
  more = "",
} = {}): string {
  return `
import { defineFlow, Manager } from "circuit-five";
export default defineFlow({
  name: "desk",
  managers: (host) => ["first", "second"].map((name) => new Manager({
    name, ${more}
    pipeline: {
      sources: { source: ${source} },
      processors: { take: ${take} },
      connections: [{ from: "source", to: "take" }],
    },
  })),
});`;
}

/** Yields an item, and then waits for its end. */
const ENDLESS = `async function* ({ signal }) {
  yield 1;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}`;

/** Writes where nobody can. */
const WRITING = `
import { defineFlow, Manager, ndjson } from "circuit-five";
export default defineFlow({
  name: "desk",
  managers: [new Manager({ name: "m", onError: "stop", pipeline: {
    sources: { source: function* () { yield 1; } },
    processors: { rows: ndjson("/none/rows") },
    connections: [{ from: "source", to: "rows" }],
  } })],
});`;

const FAILING = '() => { throw new Error("odd"); }';

const parsed = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line): Record<string, unknown> => JSON.parse(line));

async function runFlow(context: TestContext, content: string, ...flags: string[]) {
  return circuit(context, ["flow", "run", "desk.flow.ts", ...flags], {
    folder: folderOf({ "desk.flow.ts": content }),
  });
}

describe("circuit flow run", { concurrency: 2 }, () => {
  test("runs a file to its end, opens no board, and sums it up", async (context) => {
    const { code, stdout, stderr } = await runFlow(context, flow(), "--board", "/dev/none");
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "Running desk: first, second\n");
    const [heading, ...rows] = stdout.trimEnd().split("\n");
    assert.match(heading ?? "", /^ +IN +OUT +DROPPED +IN FLIGHT +GIVEN UP +RESTARTS +P99$/);
    assert.match(
      rows.join("\n"),
      /^first finished +0\n {2}source +- +3 .*\n {2}take +3 +0 .* ms\nsecond finished/,
    );
  });

  test("runs the managers that are named, and knows the others", async (context) => {
    const { stdout } = await runFlow(context, flow(), "--manager", "second", "--quiet");
    assert.match(stdout, /second finished/);
    assert.doesNotMatch(stdout, /first/);
    const { code, stderr } = await runFlow(context, flow(), "--manager", "third");
    assert.equal(code, 2);
    assert.match(stderr, /Cannot run third of the flow desk: its managers are first, second/);
  });

  test("prints lines of JSON alone with --json", async (context) => {
    const { stdout, stderr } = await runFlow(context, flow(), "--json");
    assert.equal(stderr, "");
    const events = parsed(stdout);
    const { type, flows } = events.at(-1) as { type: string; flows: { desk: { state: string }[] } };
    assert.equal(type, "summary");
    assert.deepEqual(
      flows.desk.map(({ state }) => state),
      ["finished", "finished"],
    );
  });

  const failures: readonly (readonly [string, string, number, RegExp])[] = [
    ["stops", flow({ take: FAILING, more: 'onError: "stop",' }), 1, /first and second failed: odd/],
    ["escalates", flow({ take: FAILING, more: 'onError: "escalate",' }), 1, /take has failed: odd/],
    [
      "is given up",
      flow({ take: FAILING, more: "restart: { most: 1, firstMs: 1 }," }),
      1,
      /failed again after 1 restarts/,
    ],
    ["cannot write its file", WRITING, 74, /Cannot write to \/none\/rows/],
    [
      "has a pipeline that cannot be",
      flow({ more: 'protocol: "sync",' }).replace('to: "take"', 'to: "nix"'),
      78,
      /names nix/,
    ],
  ];
  for (const [what, content, exitCode, message] of failures) {
    test(`exits with ${exitCode} where it ${what}`, async (context) => {
      const { code, stderr } = await runFlow(context, content);
      assert.equal(code, exitCode, stderr);
      assert.match(stderr, message);
    });
  }

  test("exits with 0 when Ctrl-C has drained it", async (context) => {
    const content = flow({
      source: ENDLESS,
      take: 'async () => { console.log("begun"); await new Promise((resolve) => setTimeout(resolve, 50)); console.log("done"); }',
      more: 'protocol: "async",',
    });
    const folder = folderOf({ "desk.flow.ts": content });
    const running = startCircuit(context, ["flow", "run", "desk.flow.ts", "--manager", "first"], { folder });
    await running.said(/^begun$/);
    running.kill("SIGINT");
    const { code, stdout } = await running.ended();
    assert.equal(code, 0);
    assert.match(stdout, /^begun\ndone\n/);
    assert.match(stdout, /first stopped/);
  });

  test("exits with 1 when it could not be drained in its grace time", async (context) => {
    const take = 'async () => { console.log("begun"); await new Promise(() => {}); }';
    const folder = folderOf({ "desk.flow.ts": flow({ source: ENDLESS, take, more: "graceMs: 20," }) });
    const running = startCircuit(context, ["flow", "run", "desk.flow.ts"], { folder });
    await running.said(/^begun$/);
    running.kill("SIGINT");
    const { code, stderr } = await running.ended();
    assert.equal(code, 1);
    assert.match(stderr, /Cannot stop desk as it should be: 2 items were given up/);
  });

  test("exits with 130 at once at a second Ctrl-C", async (context) => {
    const take = 'async (_, { signal }) => { console.log("begun"); await new Promise(() => {}); }';
    const content = flow({
      source: ENDLESS.replace(
        "yield 1;",
        'yield 1; signal.addEventListener("abort", () => console.log("drains"));',
      ),
      take,
      more: 'protocol: "async", graceMs: 60_000,',
    });
    const folder = folderOf({ "desk.flow.ts": content });
    const running = startCircuit(context, ["flow", "run", "desk.flow.ts"], { folder });
    await running.said(/^begun$/);
    running.kill("SIGINT");
    await running.said(/^drains$/);
    running.kill("SIGINT");
    const { code, durationMs } = await running.ended();
    assert.equal(code, 130);
    assert.ok(durationMs < 30_000);
  });

  test("exits with 130 at Ctrl-C before it runs", async (context) => {
    const making = `
import { defineFlow } from "circuit-five";
export default defineFlow({
  name: "desk",
  managers: () => { console.log("making"); return new Promise(() => {}); },
});`;
    const running = startCircuit(context, ["flow", "run", "desk.flow.ts"], {
      folder: folderOf({ "desk.flow.ts": making }),
    });
    await running.said(/^making$/);
    running.kill("SIGINT");
    const { code, stderr } = await running.ended();
    assert.deepEqual([code, stderr], [130, ""]);
  });

  test("takes boards and settings of the configuration, and nothing else that acts", async (context) => {
    const folder = folderOf({
      "flows/blink.flow.ts": `
import { defineFlow, Manager, toPin } from "circuit-five";
export default defineFlow({
  name: "in-file",
  async managers(host) {
    const output = await host.pinOutput(Number(host.settings.pin));
    return [new Manager({ name: "m", pipeline: {
      sources: { source: function* () { yield 1; } },
      processors: { pin: toPin(output) },
      connections: [{ from: "source", to: "pin" }],
    } })];
  },
});`,
      "circuit.config.json": JSON.stringify({
        boards: { desk: "mock" },
        nodes: { clock: { sketch: "clock", options: { ticks: 0 } } },
        flows: { blink: { file: "flows/blink.flow.ts", settings: { pin: 7 } } },
      }),
    });
    const { code, stdout, stderr } = await circuit(context, ["flow", "run", "blink"], { folder });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^mock: CircuitFirmata.*\nRunning blink: m\n$/);
    assert.match(stdout, /pin +1 /);
  });

  test("hears events that another process publishes, and one that listens hears its own and its failures", async (context) => {
    const content = `
import { defineFlow, events, Manager, toEvents } from "circuit-five";
export default defineFlow({
  name: "desk",
  managers: (host) => [new Manager({ name: "m", onError: "skip", pipeline: {
    sources: { asks: events(host, "ask") },
    processors: {
      double: ({ data }) => { if (data === "bad") throw new Error("odd"); return Number(data) * 2; },
      answer: toEvents(host, "answer"),
    },
    connections: [{ from: "asks", to: "double" }, { from: "double", to: "answer" }],
  } })],
});`;
    const folder = folderOf({ "desk.flow.ts": content });
    const listening = startCircuit(context, [
      "listen",
      "--on",
      "answer",
      "--on",
      "circuit.errors.>",
      "--json",
    ]);
    await listening.said(/Listening/);
    const running = startCircuit(context, ["flow", "run", "desk.flow.ts"], { folder });
    await running.said(/Running desk/);
    for (const data of ["21", "bad"]) {
      const sent = await circuit(context, ["send", data, "--on", "ask", "--wait", "10"]);
      assert.equal(sent.code, 0, sent.stderr);
    }
    await listening.said(/"subject":"answer","data":42/);
    await listening.said(
      /"subject":"circuit.errors.desk","data":\{"node":"desk","flow":"desk","manager":"m","part":"double"/,
    );
    running.kill("SIGINT");
    assert.equal((await running.ended()).code, 0);
  });
});

describe("circuit flow", { concurrency: 2 }, () => {
  const refused: readonly (readonly [string, readonly string[], RegExp, number])[] = [
    [
      "a name without a configuration",
      ["desk"],
      /flow desk: it is no file, and there is no configuration/,
      2,
    ],
    ["a file that is missing", ["desk.ts"], /Cannot load desk\.ts: there is no such file/, 78],
    ["a configuration that is missing", ["x", "--config", "c.ts"], /Cannot load c\.ts/, 78],
    ["no flow", [], /missing required argument 'flow'/, 2],
    ["an unknown flag", ["x", "--bord", "mock"], /unknown option '--bord'/, 2],
  ];
  for (const [what, args, message, exitCode] of refused) {
    for (const command of ["run", "check"]) {
      test(`${command} refuses ${what}`, async (context) => {
        const { code, stderr } = await circuit(context, ["flow", command, ...args]);
        assert.equal(code, exitCode);
        assert.match(stderr, message);
      });
    }
  }

  test("names the flows of the configuration where it has no such", async (context) => {
    const folder = folderOf({
      "circuit.config.json": '{ "flows": { "a": { "file": "a.ts" }, "b": { "file": "b.ts" } } }',
    });
    const { code, stderr } = await circuit(context, ["flow", "check", "c"], { folder });
    assert.equal(code, 2);
    assert.match(stderr, /circuit\.config\.json has a, b$/m);
  });

  test("check says what each pipeline has, and runs nothing", async (context) => {
    const content = flow({ source: '() => { console.log("run"); return []; }' });
    const folder = folderOf({ "desk.flow.ts": content });
    const { code, stdout } = await circuit(context, ["flow", "check", "desk.flow.ts"], { folder });
    assert.equal(code, 0);
    const line = (name: string) => `desk/${name}: 1 source, 0 processors, 1 output, 1 connection, sync\n`;
    assert.equal(stdout, line("first") + line("second"));
    const json = await circuit(context, ["flow", "check", "desk.flow.ts", "--json"], { folder });
    assert.deepEqual(parsed(json.stdout)[0]?.parts, [
      { name: "source", kind: "source", note: "" },
      { name: "take", kind: "output", note: "" },
    ]);
  });

  test("check tells what is wrong with a pipeline", async (context) => {
    const folder = folderOf({ "desk.flow.ts": flow().replace('to: "take"', 'to: "tkae"') });
    const { code, stderr } = await circuit(context, ["flow", "check", "desk.flow.ts"], { folder });
    assert.equal(code, 78);
    assert.match(stderr, /Cannot build the pipeline first: a connection names tkae, and there is only take/);
  });

  test("graph writes Mermaid's text, or SVG into a file", async (context) => {
    const folder = folderOf({ "desk.flow.ts": flow() });
    const { stdout } = await circuit(context, ["flow", "graph", "desk.flow.ts"], { folder });
    assert.match(stdout, /^flowchart LR\n {2}subgraph p0 \["first \(sync\)"\]\n/);
    const out = join(folder, "desk.svg");
    const args = ["flow", "graph", "desk.flow.ts", "--format", "svg", "--out", out];
    const { code, stderr } = await circuit(context, args, { folder });
    assert.deepEqual([code, stderr], [0, `Wrote ${out}\n`]);
    assert.match(readFileSync(out, "utf8"), /^<svg .*<\/svg>\n$/s);
    const denied = await circuit(context, [...args.slice(0, -1), "/none/desk.svg"], { folder });
    assert.equal(denied.code, 74);
    const unknown = await circuit(context, ["flow", "graph", "desk.flow.ts", "--format", "png"], { folder });
    assert.equal(unknown.code, 2);
    assert.ok(existsSync(out));
  });

  test("says what its commands take", async (context) => {
    const { code, stdout } = await circuit(context, ["flow", "run", "--help"]);
    assert.equal(code, 0);
    for (const flag of ["--manager", "--config", "--board", "--mesh", "--json", "--quiet"])
      assert.ok(stdout.includes(flag), flag);
    assert.match((await circuit(context, ["--help"])).stdout, /^ {2}flow +run, check or draw a flow/m);
  });
});

describe("a configuration with flows", { concurrency: 2 }, () => {
  const run = (context: TestContext, config: object) =>
    circuit(context, ["run", "circuit.config.json"], {
      folder: folderOf({ "circuit.config.json": JSON.stringify(config), "desk.flow.ts": flow() }),
    });

  test("runs them, and tells how they ended", async (context) => {
    const { code, stdout, stderr } = await run(context, { flows: { desk: { file: "desk.flow.ts" } } });
    assert.equal(code, 0, stderr);
    assert.equal(
      stdout,
      "desk/first finished: 3 items, 0 dropped, 0 given up, 0 in flight, 0 restarts\n" +
        "desk/second finished: 3 items, 0 dropped, 0 given up, 0 in flight, 0 restarts\n",
    );
  });

  const mistakes: readonly (readonly [object, RegExp])[] = [
    [{ desk: {} }, /flows\.desk\.file: is missing/],
    [{ desk: { file: "" } }, /flows\.desk\.file: must not be empty/],
    [{ desk: { file: "a.ts", managers: [] } }, /flows\.desk\.managers: must name a manager/],
    [{ desk: { file: "a.ts", settings: 5 } }, /flows\.desk\.settings: must be an object/],
    [{ desk: { file: "a.ts", manager: "a" } }, /flows\.desk\.manager: is not known here/],
    [{ "a b": { file: "a.ts" } }, /must be a name of letters/],
    [{}, /nodes: is missing/],
  ];
  for (const [flows, message] of mistakes) {
    test(`is refused with ${JSON.stringify(flows)}`, async (context) => {
      const { code, stderr } = await run(context, { flows });
      assert.equal(code, 78);
      assert.match(stderr, message);
    });
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CircuitEvent } from "../../src/circuit/progress.js";
import type { Cli } from "../../src/cli/cli.js";
import { viewOf } from "../../src/cli/flow-view.js";
import { turns } from "../contract/waiting.js";
import { endless, Scene } from "../flow/scene.js";

/** A command line that keeps what it is told. */
function fakeCli() {
  const printed: string[] = [];
  const logged: string[] = [];
  const cli: Cli = {
    ...{ env: {}, folder: ".", signal: new AbortController().signal, color: false },
    ...{ isTerminal: false, terminal: undefined },
    print: (line) => void printed.push(line),
    log: (line) => void logged.push(line),
    write: async (line) => void printed.push(line),
    pass: () => undefined,
    input: () => undefined,
  };
  return { cli, printed, logged };
}

const SUMMARY: CircuitEvent = {
  ...{ type: "summary", ticks: 0, acks: 0, confirmedWrites: 0, p50Ms: null, p99Ms: null },
};

/** A flow that has taken two items, and waits. */
async function running(): Promise<Scene> {
  const scene = new Scene({
    pipeline: {
      sources: { source: endless(1, 2) },
      processors: { take: () => {} },
      connections: [{ from: "source", to: "take" }],
    },
  });
  await scene.start();
  return scene;
}

test("viewOf() says on a pipe what runs, each 10 s what has changed, and a table in the end", async () => {
  const { cli, printed, logged } = fakeCli();
  const scene = await running();
  const view = viewOf(cli, {}, scene.clock);
  view.begin(scene.flow);
  await scene.pass(9_999);
  assert.deepEqual(logged, ["Running desk: m0"]);
  await scene.pass(1);
  assert.deepEqual(logged.slice(1), ["m0 running: 2 items, 0 dropped, 0 given up, 0 in flight, 0 restarts"]);
  await scene.pass(20_000);
  assert.equal(logged.length, 2);
  await scene.flow.stop();
  view.event(SUMMARY);
  assert.equal(printed.length, 4);
  assert.match(printed[1] ?? "", /^m0 stopped/);
  view.end();
  await scene.pass(20_000);
  assert.equal(logged.length, 2);
});

test("viewOf() prints with --json what is counted each second where it has changed, and what happens", async () => {
  const { cli, printed, logged } = fakeCli();
  const scene = await running();
  const view = viewOf(cli, { json: true }, scene.clock);
  view.begin(scene.flow);
  view.event({ type: "notice", text: "a word" });
  for (let second = 0; second < 3; second++) await scene.pass(1_000);
  view.event(SUMMARY);
  await turns();
  await scene.pass(5_000);
  const told = printed.map((line): Record<string, unknown> => JSON.parse(line));
  assert.deepEqual(
    told.map(({ type }) => type),
    ["notice", "status", "summary"],
  );
  assert.equal(told[1]?.flow, "desk");
  assert.deepEqual(logged, []);
  await scene.flow.stop();
});

test("viewOf() says with --quiet what was done in the end, and notices of trouble", async () => {
  const { cli, printed, logged } = fakeCli();
  const scene = await running();
  const view = viewOf(cli, { quiet: true }, scene.clock);
  view.begin(scene.flow);
  view.event({ type: "out", node: "n", text: "chatter" });
  view.event({ type: "notice", text: "trouble" });
  await scene.pass(60_000);
  view.event(SUMMARY);
  assert.deepEqual(logged, ["trouble"]);
  assert.equal(printed.length, 4);
  await scene.flow.stop();
});

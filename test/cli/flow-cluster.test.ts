import assert from "node:assert/strict";
import { existsSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keepingBelow, skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const COUNT = 200;

/** A source that runs in one process, a queue, and a sink that writes who has handled what. */
const FLOW = `
import { appendFileSync } from "node:fs";
import { defineFlow, Manager, pipeline, source } from "circuit-five";
const numbers = source(async function* ({ clock, signal, from = 0 }) {
  for (let n = from; n < ${COUNT}; n++) {
    yield n;
    await clock.sleep(5, signal);
  }
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}, { singleton: true, resumes: true });
export default defineFlow({
  name: "shared",
  managers: [new Manager({ name: "m", pipeline: pipeline({
    sources: { numbers },
    processors: { sink: (n) => appendFileSync("handled.txt", process.pid + " " + n + "\\n") },
  }).connect([{ from: "numbers", to: "sink", durable: true }]) })],
});`;

function folderOfFlow(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "shared.flow.js"), FLOW);
  return folder;
}

test("a flow that shares its items runs in several processes over NATS, and outlives one of them", {
  timeout: 60_000,
  skip: skipWithoutNats,
}, async (context) => {
  const server = await startNats({ config: keepingBelow(temporaryFolder()) });
  context.after(() => server.kill());
  const folder = folderOfFlow();
  const args = ["flow", "run", "shared.flow.js", "--mesh", server.url, "--json"];
  const workers = [0, 1].map(() => startCircuit(context, args, { folder }));
  const handled = () => {
    const path = join(folder, "handled.txt");
    const lines = existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
    return lines.map((line) => line.split(" "));
  };
  const until = async (isSo: () => boolean) => {
    const watcher = watch(folder);
    while (!isSo()) await new Promise((resolve) => watcher.once("change", resolve));
    watcher.close();
  };
  await until(() => new Set(handled().map(([pid]) => pid)).size === 2);
  const [killed, left] = workers;
  killed?.kill("SIGKILL");
  await until(() => new Set(handled().map(([, n]) => n)).size === COUNT);
  left?.kill("SIGINT");
  assert.equal((await left?.ended())?.code, 0);
});

test("a flow that shares its items does not run without NATS", async (context) => {
  const folder = folderOfFlow();
  const { code, stderr } = await circuit(context, ["flow", "run", "shared.flow.js"], { folder });
  assert.equal(code, 78);
  assert.match(stderr, /there is no JetStream to keep its items\n {2}Run the flow with --mesh/);
  const checked = await circuit(context, ["flow", "check", "shared.flow.js"], { folder });
  assert.equal(checked.code, 0);
  const graph = await circuit(context, ["flow", "graph", "shared.flow.js"], { folder });
  assert.match(graph.stdout, /p0_0 ==>\|"durable"\| p0_1/);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { circuit, startCircuit } from "../cli/cli.js";
import { skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { temporaryFolder } from "../temporary-folder.js";

const CONFIG = fileURLToPath(new URL("../../../examples/monitor/circuit.config.js", import.meta.url));

/** The load of any machine is too high, its disk never. */
const LIMITS = { MONITOR_LOAD: "0", MONITOR_DISK: "2" };

/** Runs the example with more flags, has somebody else publish, and stops it when that is in the log. */
async function tryOut(context: TestContext, flags: readonly string[]): Promise<void> {
  const folder = temporaryFolder();
  const env = { ...LIMITS, XDG_RUNTIME_DIR: temporaryFolder() };
  const running = startCircuit(context, ["run", CONFIG, ...flags], { folder, env });
  await running.said(/listens on/);
  const sent = await circuit(context, ["send", "me", "--on", "high.hand", ...flags], { env });
  assert.equal(sent.code, 0, sent.stderr);
  await untilLogged(folder, [/high\.knob .*"pin":"A0"/, /high\.load /, /high\.hand "me"/]);
  running.kill("SIGINT");
  const { stdout, stderr } = await running.ended();
  assert.match(stdout, /load is high/, stderr);
  assert.match(stdout, /edges on pin 8/);
}

/** Resolves when the log says all of it. */
async function untilLogged(folder: string, said: readonly RegExp[]): Promise<void> {
  const log = join(folder, "monitor.log");
  const isSaid = () => {
    const text = existsSync(log) ? readFileSync(log, "utf8") : "";
    return said.every((each) => each.test(text));
  };
  const watcher = watch(folder);
  while (!isSaid()) await once(watcher, "change");
  watcher.close();
}

test("the monitor's two sides work in one process, and hear of others", { timeout: 60_000 }, (context) =>
  tryOut(context, []),
);

test("the monitor goes over NATS with one flag", {
  timeout: 60_000,
  skip: skipWithoutNats,
}, async (context) => {
  const server = await startNats();
  context.after(() => server.kill());
  await tryOut(context, ["--mesh", server.url]);
});

test("the monitor refuses a limit that is no number", async (context) => {
  const { code, stderr } = await circuit(context, ["run", CONFIG], { env: { MONITOR_LOAD: "abc" } });
  assert.equal(code, 78);
  assert.match(stderr, /MONITOR_LOAD is abc, not a share such as 0\.7/);
});

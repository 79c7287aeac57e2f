import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadWiring } from "../../src/circuit/boards.js";
import { runCircuit } from "../../src/circuit/run.js";
import { loadConfig } from "../../src/config/load.js";
import { PacedUno } from "../../src/emulator/paced-uno.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import { attachments } from "../../src/wiring/attachments.js";
import { startCircuit } from "../cli/cli.js";
import { temporaryFolder } from "../temporary-folder.js";

const CONFIG = fileURLToPath(new URL("../../../examples/thermostat/flow.config.js", import.meta.url));

const RELAY = 7;

/** Takes what comes, and gives it out one by one. */
function arrivals<Item>() {
  const come: Item[] = [];
  let wake = () => {};
  return {
    push(item: Item) {
      come.push(item);
      wake();
    },
    async next(): Promise<Item> {
      for (;;) {
        const item = come.shift();
        if (item !== undefined) return item;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

test("the thermostat heats when it is cold, and stops when it is warm: pin, row and event", {
  timeout: 30_000,
}, async (context) => {
  const definition = await loadConfig(CONFIG);
  const wiring = await loadWiring(definition.wiring ?? "");
  const uno = new PacedUno({ attachments: attachments(wiring) });
  const mesh = new MemoryMesh();
  const levels = arrivals<number>();
  const told = arrivals<unknown>();
  uno.onEdge(({ pin, level }) => pin === RELAY && levels.push(level));
  mesh.subscribe("thermostat.heating", ({ data }) => told.push(Object(data).heats));
  const file = join(temporaryFolder(), "rows.csv");
  const [entry] = Object.values(definition.flows ?? {});
  assert.ok(entry);
  const settings = { ...entry.settings, file, smoothingMs: 50, rowEveryMs: 200 };
  const stop = new AbortController();
  const running = runCircuit(
    { ...definition, flows: { thermostat: { ...entry, settings } } },
    { mesh, links: { desk: uno }, signal: stop.signal },
  );
  running.catch(() => {});
  context.after(() => stop.abort(new Error("over")));

  assert.deepEqual([await levels.next(), await told.next()], [1, true], "18.4 °C at first");
  uno.warm("sensor1", 24);
  assert.deepEqual([await levels.next(), await told.next()], [0, false]);
  uno.warm("sensor1", 21);
  uno.warm("sensor1", 19);
  assert.deepEqual([await levels.next(), await told.next()], [1, true]);

  stop.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
  assert.equal(await levels.next(), 0, "it is left low");
  const [header, ...rows] = readFileSync(file, "utf8").trimEnd().split("\n");
  assert.equal(header, "time,celsius,heats");
  const heats = rows.map((row) => row.split(",")[2]);
  assert.deepEqual(
    heats.filter((each, index) => each !== heats[index - 1]),
    ["true", "false", "true"],
  );
  for (const row of rows) assert.match(row, /^\d{4}-\d\d-\d\dT[\d:.]+Z,\d+(\.\d)?,(true|false)$/);
});

test("circuit flow run thermostat works on the emulated Uno, and ends well", {
  timeout: 30_000,
}, async (context) => {
  const folder = temporaryFolder();
  const args = ["flow", "run", "thermostat", "--config", CONFIG, "--json"];
  const running = startCircuit(context, args, { folder });
  await running.said(/"relay":\{"in":1,"dropped":0,"handled":1,/);
  running.kill("SIGINT");
  const { code, stderr } = await running.ended();
  assert.equal(code, 0, stderr);
  assert.ok(existsSync(join(folder, "thermostat.csv")));
  assert.match(readFileSync(join(folder, "thermostat.csv"), "utf8"), /,18\.\d,true\n/);
});

test("circuit flow check opens no board", async (context) => {
  const args = ["flow", "check", "thermostat", "--config", CONFIG];
  const { code, stdout, stderr } = await startCircuit(context, args).ended();
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, "thermostat/heating: 1 source, 2 processors, 3 outputs, 5 connections, sync\n");
});

test("the drawing of the thermostat's flow is that of its file", async (context) => {
  const args = ["flow", "graph", "thermostat", "--config", CONFIG, "--format", "svg"];
  const { stdout } = await startCircuit(context, args).ended();
  assert.equal(stdout, readFileSync(join(dirname(CONFIG), "flow.svg"), "utf8"));
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import { skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { secretsOf, writeCredentials } from "../mesh/safety/desk.js";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, printedBits, type Running, startCircuit } from "./cli.js";
import { firmataDevice, tcpDevice } from "./devices.js";

/** Lets so many more ticks be acknowledged. */
async function acks(clock: Running, more: number): Promise<void> {
  const count = clock.stdout.match(/< acknowledged/g)?.length ?? 0;
  // The next tick comes after the acknowledgement of the one before.
  await clock.said(new RegExp(`^\\[ clock \\] > ${count + more}$`));
}

/** A pin that runs, on this board, and where it is reached. */
async function startIoPin(context: TestContext, board: string, ...args: string[]) {
  const iopin = startCircuit(context, ["iopin", "-p", "0", "--board", board, ...args]);
  const [, url = ""] = await iopin.said(/iopin listens on (ws:\/\/127\.0\.0\.1:\d+)/);
  return { iopin, url };
}

test("circuit swap moves a pin from board to board, and the clock and the buzzer notice nothing", async (context) => {
  const { mock, device } = firmataDevice({ firmware: "standard" });
  const { port } = await tcpDevice(context, device);
  const buzzer = startCircuit(context, ["buzzer", "-p", "0", "--board", "mock"]);
  const { iopin } = await startIoPin(context, "mock", "--chance", "0");
  await buzzer.said(/listens on/);
  const clock = startCircuit(context, ["clock", "-t", "0", "-d", "0.01"]);
  await acks(clock, 3);

  const first = await circuit(context, ["swap", "iopin", "sim:uno"]);
  assert.match(first.stdout, /^Moved iopin from mock to sim:uno: CircuitFirmata\.ino [\d.]+, in \d+ ms\n$/);
  assert.deepEqual([first.code, first.stderr], [0, ""]);
  await iopin.said(/it has taken the place of mock, and its pins are as they were/);
  await acks(clock, 3);

  const other = `tcp://127.0.0.1:${port}`;
  const second = await circuit(context, ["swap", "iopin", other, "--json"]);
  const { tookMs, ...moved } = JSON.parse(second.stdout);
  assert.deepEqual(moved, {
    ...{ node: "iopin", board: "board", from: "sim:uno", to: other },
    ...{ firmware: "StandardFirmata.ino 2.5", nodes: ["iopin"] },
  });
  assert.ok(tookMs > 0);
  await acks(clock, 3);
  assert.equal(mock.pin(13).mode, 1);
  const nodes = await circuit(context, ["nodes", "--json"]);
  assert.ok(nodes.stdout.includes(`"board":"${other}"`), nodes.stdout);

  clock.kill("SIGINT");
  const { code, stdout, stderr } = await clock.ended();
  assert.equal(code, 130, stderr);
  const [, ticks, acknowledged] = /(\d+) ticks, (\d+) acks/.exec(stdout) ?? [];
  assert.ok(
    Number(ticks) - Number(acknowledged) <= 1,
    "but for the one that was cut off, each was acknowledged",
  );
  iopin.kill("SIGINT");
  const ended = await iopin.ended();
  const [, confirmed] = /(\d+) confirmed writes/.exec(ended.stdout) ?? [];
  assert.ok(printedBits(ended.stdout).length - Number(confirmed) <= 3, "each write was confirmed");
  assert.equal(mock.pin(13).value, 0, "left low");
});

test("circuit swap refuses a board that cannot do the same, and the old one goes on", async (context) => {
  const { device } = firmataDevice({ pins: 12 });
  const { port } = await tcpDevice(context, device);
  const { iopin } = await startIoPin(context, "mock");
  const refused = await circuit(context, ["swap", "iopin", `tcp://127.0.0.1:${port}`]);
  assert.match(
    refused.stderr,
    /^circuit: Cannot move to tcp:.*: pin 13 is used here, and there is none\. It is CircuitFirmata.* with 10 pins.*, and the board until now is CircuitFirmata.* with 18 pins/,
  );
  assert.equal(refused.code, 69);
  startCircuit(context, ["buzzer", "-p", "0", "--board", "mock"]);
  const clock = await circuit(context, ["clock", "-t", "2", "-d", "0"]);
  assert.match(clock.stdout, /2 ticks, 2 acks/);
  iopin.kill("SIGINT");
  assert.doesNotMatch((await iopin.ended()).stderr, /taken the place/);
});

for (const [what, args, code, said] of [
  ["a node that is not there", ["nobody", "mock"], 69, /Cannot find nobody/],
  ["a board that is not there", ["iopin", "tcp://127.0.0.1:1"], 69, /nobody listens there/],
  ["what is no address", ["iopin", "nix:9"], 2, /is no kind of board that is known here/],
  ["a node without a board", ["clock", "mock"], 2, /Cannot move clock: its sketch uses no board/],
] as const) {
  test(`circuit swap exits with ${code} for ${what}`, async (context) => {
    const folder = temporaryFolder();
    const nodes = {
      iopin: { sketch: "iopin", listen: 0 },
      clock: { sketch: "clock", listen: 0, options: { ticks: 0, delaySeconds: 60 } },
      buzzer: { sketch: "buzzer", board: "board" },
    };
    writeFileSync(join(folder, "circuit.json"), JSON.stringify({ boards: { board: "mock" }, nodes }));
    const running = startCircuit(context, ["run", "circuit.json"], { folder });
    await running.said(/clock listens on/);
    const { stderr, ...ended } = await circuit(context, ["swap", ...args]);
    assert.match(stderr, said);
    assert.equal(ended.code, code);
  });
}

test("circuit swap moves all nodes of a board and says so; a path is of the folder where it is typed", async (context) => {
  const [there, here] = [temporaryFolder(), temporaryFolder()];
  copyFileSync(CIRCUIT_UNO_HEX, join(here, "own.hex"));
  const nodes = { iopin: { sketch: "iopin", listen: 0 }, buzzer: { sketch: "buzzer" } };
  writeFileSync(join(there, "circuit.json"), JSON.stringify({ boards: { desk: "mock" }, nodes }));
  const running = startCircuit(context, ["run", "circuit.json"], { folder: there });
  await running.said(/listens on/);
  const { stdout, stderr } = await circuit(context, ["swap", "iopin", "sim:uno?firmware=own.hex"], {
    folder: here,
  });
  assert.match(
    stdout,
    /^Moved iopin and buzzer, which share the board, from mock to sim:uno\?firmware=/,
    stderr,
  );
});

test("no plain client commands a node", async (context) => {
  const { iopin, url } = await startIoPin(context, "mock");
  const ws = new WebSocket(`${url}/circuit.control`);
  await once(ws, "open");
  ws.send(JSON.stringify({ swap: "sim:uno" }));
  const [code, reason] = await once(ws, "close");
  assert.equal(code, 1011);
  assert.match(String(reason), /iopin obeys those only who prove who they are/);
  iopin.kill("SIGINT");
  assert.doesNotMatch((await iopin.ended()).stderr, /taken the place/);
});

test("with credentials, circuit swap proves a name", async (context) => {
  const folder = temporaryFolder();
  const file = writeCredentials(join(folder, "all.json"), secretsOf("iopin", "bench"));
  const env = { CIRCUIT_CREDENTIALS: file };
  const iopin = startCircuit(context, ["iopin", "-p", "0", "--board", "mock"], { env });
  await iopin.said(/listens on/);
  const nobody = await circuit(context, ["swap", "iopin", "sim:uno"], { env });
  assert.equal(nobody.code, 77, nobody.stderr);
  const { code, stderr } = await circuit(context, ["swap", "iopin", "sim:uno", "--name", "bench"], { env });
  assert.equal(code, 0, stderr);
});

for (const isAllowed of [false, true]) {
  test(`over NATS circuit swap ${isAllowed ? "works where the circuit allows it" : "is refused"}`, {
    skip: skipWithoutNats,
    timeout: 60_000,
  }, async (context) => {
    const server = await startNats();
    context.after(() => server.kill());
    const folder = temporaryFolder();
    const definition = {
      ...{ boards: { desk: "mock" }, nodes: { iopin: { sketch: "iopin" } }, mesh: server.url },
      ...(isAllowed && { commandsOverNats: true }),
    };
    writeFileSync(join(folder, "circuit.json"), JSON.stringify(definition));
    const running = startCircuit(context, ["run", "circuit.json"], { folder });
    await running.said(/iopin listens on nats:/);
    const { code, stderr } = await circuit(context, ["swap", "iopin", "sim:uno", "--mesh", server.url]);
    assert.equal(code, isAllowed ? 0 : 77, stderr);
  });
}

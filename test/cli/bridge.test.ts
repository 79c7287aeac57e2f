import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeDiscovery } from "../../src/circuit/discovery.js";
import { makeSafety } from "../../src/circuit/safety.js";
import { systemClock } from "../../src/core/clock.js";
import type { Handler } from "../../src/mesh/mesh.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { Gate } from "../contract/waiting.js";
import { cases } from "../long.js";
import { skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { Authority, skipWithoutOpenssl } from "../mesh/safety/certificates.js";
import { secretsOf, TRACE, writeCredentials } from "../mesh/safety/desk.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

test("circuit bridge lets a clock on NATS reach nodes of this machine", options, async (context) => {
  const server = await startNats();
  context.after(() => server.kill());
  const env = { XDG_RUNTIME_DIR: temporaryFolder() };
  startCircuit(context, ["buzzer", "-p", "0", "--board", "mock"], { env });
  const bridge = startCircuit(context, ["bridge", server.url], { env });
  await bridge.said(/^buzzer joined NATS at nats:\/\/127\.0\.0\.1:\d+\/circuit\.buzzer$/);
  const iopin = startCircuit(context, ["iopin", "-p", "0", "--board", "mock"], { env });
  await bridge.said(/^iopin joined NATS/);
  const clock = await circuit(context, ["clock", "-t", "3", "-d", "0", "--mesh", server.url]);
  assert.equal(clock.code, 0, clock.stderr);
  assert.match(clock.stdout, /3 ticks, 3 acks/);
  iopin.kill("SIGTERM");
  await bridge.said(/^iopin left NATS$/);
  bridge.kill("SIGINT");
  const { code, stdout, stderr } = await bridge.ended();
  assert.equal(code, 130, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^buzzer left NATS$/m);
});

test("circuit bridge --expose lets a clock of this machine reach nodes on NATS", options, async (context) => {
  const server = await startNats();
  context.after(() => server.kill());
  const env = { XDG_RUNTIME_DIR: temporaryFolder() };
  const mesh = ["--board", "mock", "--mesh", server.url];
  startCircuit(context, ["buzzer", ...mesh]);
  const iopin = startCircuit(context, ["iopin", ...mesh]);
  await iopin.said(/iopin listens/);
  const bridge = startCircuit(context, ["bridge", server.url, "--expose", "iopin=0", "--json"], { env });
  await bridge.said(/"joined","node":"iopin","on":"ws"/);
  const clock = await circuit(context, ["clock", "-t", "3", "-d", "0"], { env });
  assert.equal(clock.code, 0, clock.stderr);
  const nodes = await circuit(context, ["nodes", "--json"], { env });
  const { name, engine } = JSON.parse(nodes.stdout);
  assert.deepEqual([name, engine], ["iopin", "nats"]);
  bridge.kill("SIGTERM");
  const { code, stdout } = await bridge.ended();
  assert.equal(code, 143);
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ type, node, on }) => [type, node, on]),
    [
      ["joined", "iopin", "ws"],
      ["left", "iopin", "ws"],
    ],
  );
});

test("circuit bridge is let in over TLS by its own secret, and sends what `bridge` may", {
  ...options,
  skip: skipWithoutNats || skipWithoutOpenssl,
}, async (context) => {
  const server = await startNats();
  context.after(() => server.kill());
  const folder = temporaryFolder();
  const env = { XDG_RUNTIME_DIR: folder };
  const authority = new Authority(folder);
  const { certificate, key } = authority.issue("desk", "IP:127.0.0.1");
  const credentials = writeCredentials(join(folder, "credentials.json"), secretsOf("buzzer", "bridge"));
  const write = (name: string, config: object) => {
    writeFileSync(join(folder, name), JSON.stringify(config));
    return join(folder, name);
  };
  const access = { buzzer: { bridge: ["bits"] } };
  const desk = write("desk.json", {
    boards: { board: "mock" },
    nodes: { buzzer: { sketch: "buzzer", listen: "127.0.0.1:0" } },
    security: { credentials, access, tls: { certificate, key } },
  });
  const tls = { authority: authority.certificate };
  const around = write("around.json", { security: { credentials, tls } });
  await startCircuit(context, ["run", desk], { env }).said(/^buzzer listens on wss:/);
  const bridge = startCircuit(context, ["bridge", server.url, "--config", around, "--no-plain"], { env });
  await bridge.said(/^buzzer joined NATS/);
  const fleet = new NatsMesh({ url: server.url });
  context.after(() => fleet.close());
  assert.equal(await fleet.send("buzzer", "1", { channel: "bits", from: "anybody" }), "buzz buzz buzz");
  await assert.rejects(fleet.send("buzzer", "1", { channel: "other", from: "bridge" }), {
    code: "ACCESS_DENIED",
  });
  bridge.kill("SIGTERM");
  const { stderr, stdout } = await bridge.ended();
  assert.doesNotMatch(stderr + stdout, TRACE);
});

// In the long run only: that a member of a queue group was killed is noticed by 20 s of its silence.
for (let kill = 0; kill < cases(0, 1); kill++)
  test("what a killed bridge had under way is unknown, and another goes on", options, async (context) => {
    const server = await startNats();
    const env = { XDG_RUNTIME_DIR: temporaryFolder() };
    const safety = await makeSafety({}, { env, clock: systemClock, notice: () => {} });
    const { trust, tls } = safety;
    const desk = new WsMesh({ discovery: await makeDiscovery({ env, trust, tls }), safety });
    const fleet = new NatsMesh({ url: server.url });
    context.after(async () => {
      await Promise.all([desk.close(), fleet.close()]);
      await server.kill();
    });
    const gate = new Gate();
    const ran: string[] = [];
    const note: Handler = async ({ message }) => {
      ran.push(String(message));
      if (message === "hold") {
        gate.arrive();
        await gate.open;
      }
      return message;
    };
    await desk.serve("door", note, { port: 0 });
    const first = startCircuit(context, ["bridge", server.url, "door"], { env });
    await first.said(/^door joined/);
    assert.equal(await fleet.send("door", "before"), "before");
    const second = startCircuit(context, ["bridge", server.url, "door"], { env });
    await second.said(/^door joined/);
    const held = fleet.send("door", "hold");
    await gate.arrivals(1);
    first.kill("SIGKILL");
    await first.ended();
    await assert.rejects(held, { code: "DELIVERY_UNKNOWN" });
    assert.equal(await fleet.send("door", "after"), "after");
    gate.release();
    assert.deepEqual(ran, ["before", "hold", "after"]);
  });

for (const [args, code, said] of [
  [["nats://127.0.0.1:1", "--timeout", "0.2"], 69, /nobody listens there/],
  [["http://127.0.0.1:1"], 78, /its scheme is http: instead of nats:/],
  [["nats://user:secret@127.0.0.1:1"], 78, /user or a password/],
  [[], 2, /missing required argument 'url'/],
  [
    ["nats://127.0.0.1:1", "--config", "missing.json"],
    78,
    /Cannot load missing\.json: there is no such file/,
  ],
  [["nats://127.0.0.1:1", "--expose", "buzzer"], 2, /it is not NAME=PORT/],
  [["nats://127.0.0.1:1", "--expose", "buzzer=65536"], 2, /it is not NAME=PORT/],
] as const) {
  test(`circuit bridge ${args.join(" ")} exits with ${code}`, async (context) => {
    const ended = await circuit(context, ["bridge", ...args]);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, said);
    assert.doesNotMatch(ended.stderr, /secret/);
  });
}

import assert from "node:assert/strict";
import { afterEach, type TestContext, test } from "node:test";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { runCircuit } from "../../src/index.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Mesh } from "../../src/mesh/mesh.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { findTracing } from "../../src/mesh/tracing.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { collect } from "../contract/waiting.js";
import { skipWithoutNats, startNats } from "./nats-server.js";
import { NatsWire } from "./nats-wire.js";
import { installSdk, paths, removeSdk, spanNamed, traceCount } from "./spans.js";

afterEach(removeSdk);

/** Serves a pin that tells a buzzer of each tick, both on the far mesh. */
async function serveTwo(near: Mesh, far: Mesh): Promise<readonly string[]> {
  const buzzer = await far.serve("buzzer", () => "buzz", { port: 0 });
  const iopin = await near.serve(
    "iopin",
    async (delivery) => {
      await collect(near.stream("buzzer", ["1", "0"], { channel: "bits", cause: delivery }));
      return "done";
    },
    { port: 0 },
  );
  return [iopin.addresses[0] ?? "", buzzer.addresses[0] ?? ""];
}

const ONE_TRACE = [
  "send iopin",
  "send iopin > process iopin",
  "send iopin > process iopin > send buzzer",
  "send iopin > process iopin > send buzzer",
  "send iopin > process iopin > send buzzer > process buzzer",
  "send iopin > process iopin > send buzzer > process buzzer",
];

for (const followsContexts of [true, false]) {
  const how = followsContexts ? "with" : "without";
  test(`a tick is one trace over three ws meshes, ${how} a context manager`, async (context: TestContext) => {
    installSdk({ followsContexts });
    const [clock, middle, far] = [new WsMesh(), new WsMesh(), new WsMesh()];
    context.after(() => Promise.all([clock, middle, far].map((mesh) => mesh.close())));
    const [iopin = "", buzzer = ""] = await serveTwo(middle, far);
    middle.introduce("buzzer", buzzer);
    clock.introduce("iopin", iopin);
    assert.equal(await clock.send("iopin", "0"), "done");
    assert.deepEqual(paths(), ONE_TRACE);
    assert.equal(traceCount(), 1);
  });
}

test("a tick is one trace over NATS", { skip: skipWithoutNats, timeout: 20_000 }, async (context) => {
  installSdk({ followsContexts: false });
  const server = await startNats();
  const [clock, middle, far] = [server.url, server.url, server.url].map((url) => new NatsMesh({ url }));
  context.after(async () => {
    await Promise.all([clock, middle, far].map((mesh) => mesh?.close()));
    await server.kill();
  });
  assert.ok(clock && middle && far);
  await serveTwo(middle, far);
  assert.equal(await clock.send("iopin", "0"), "done");
  assert.deepEqual(paths(), ONE_TRACE);
});

test("a circuit's tick is one trace, from clock to buzzer", async () => {
  installSdk({ followsContexts: false });
  await runCircuit({
    boards: { board: "mock" },
    nodes: {
      clock: { sketch: "clock", options: { ticks: 2, delaySeconds: 0 } },
      iopin: { sketch: "iopin", options: { sequence: 1 } },
      buzzer: { sketch: "buzzer" },
    },
  });
  assert.equal(traceCount(), 2);
  assert.equal(
    paths().filter((path) => path === "send iopin > process iopin > send buzzer > process buzzer").length,
    2,
  );
});

test("spans say what the conventions for messaging ask for", async () => {
  installSdk({ followsContexts: true });
  const mesh = new MemoryMesh();
  await mesh.serve("buzzer", () => "buzz");
  await mesh.send("buzzer", "1", { channel: "bits" });
  const sent = spanNamed("send buzzer");
  const processed = spanNamed("process buzzer");
  assert.deepEqual([sent?.kind, processed?.kind], [SpanKind.PRODUCER, SpanKind.CONSUMER]);
  assert.deepEqual(sent?.attributes, {
    "messaging.system": "circuit",
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": "buzzer",
    "circuit.channel": "bits",
  });
  assert.match(String(processed?.attributes["messaging.message.id"]), /^[\da-f-]{36}\.\d+\/0\/1$/);
  assert.equal(sent?.status.code, SpanStatusCode.UNSET);
});

test("a message that fails leaves spans that say why", async () => {
  installSdk({ followsContexts: true });
  const mesh = new MemoryMesh();
  await mesh.serve("buzzer", async () => {
    throw new TypeError("no piezo");
  });
  await assert.rejects(mesh.send("buzzer", "1"), { code: "PEER_REFUSED" });
  const [sent, processed] = [spanNamed("send buzzer"), spanNamed("process buzzer")];
  assert.deepEqual(
    [sent?.status.code, sent?.attributes["error.type"]],
    [SpanStatusCode.ERROR, "PEER_REFUSED"],
  );
  assert.deepEqual(processed?.status, { code: SpanStatusCode.ERROR, message: "no piezo" });
  assert.equal(processed?.attributes["error.type"], "TypeError");
});

test("a message that is taken back ends its span", async () => {
  installSdk({ followsContexts: true });
  const mesh = new MemoryMesh();
  const giveUp = new AbortController();
  await mesh.serve("buzzer", () => {
    giveUp.abort(new Error("enough"));
    return new Promise(() => {});
  });
  await assert.rejects(mesh.send("buzzer", "1", { signal: giveUp.signal }), { message: "enough" });
  assert.deepEqual(paths(), ["send buzzer"]);
});

test("a stream is below the span that is active where it is sent", async () => {
  installSdk({ followsContexts: true });
  const mesh = new MemoryMesh();
  await mesh.serve("buzzer", () => "buzz");
  await trace.getTracer("host").startActiveSpan("tune", async (span) => {
    await collect(mesh.stream("buzzer", ["1"]));
    span.end();
  });
  assert.deepEqual(paths(), ["tune", "tune > send buzzer", "tune > send buzzer > process buzzer"]);
});

test("a single request over NATS brings its trace along, and gets one", {
  skip: skipWithoutNats,
  timeout: 20_000,
}, async (context) => {
  const server = await startNats();
  const mesh = new NatsMesh({ url: server.url });
  const wire = await NatsWire.connect(server.port);
  context.after(async () => {
    await wire.close();
    await mesh.close();
    await server.kill();
  });
  const seen: unknown[] = [];
  await mesh.serve("buzzer", ({ trace }) => {
    seen.push(trace);
  });
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await wire.request("circuit.buzzer.bits", "1", [`Traceparent: ${traceparent}`, "tracestate: a=1"]);
  await wire.request("circuit.buzzer.bits", "1");
  assert.deepEqual(seen, [{ traceparent, tracestate: "a=1" }, undefined]);
  // A foreign node, which knows nothing of links.
  wire.subscribe("circuit.old.>");
  const ack = mesh.send("old", "1", { channel: "bits", cause: { chain: [], trace: { traceparent } } });
  const asked = await wire.next(({ subject }) => subject === "circuit.old._open");
  wire.publish(asked.reply ?? "", "what?");
  const request = await wire.next(({ subject }) => subject === "circuit.old.bits");
  assert.deepEqual(request.headers, ["NATS/1.0", `traceparent: ${traceparent}`]);
  wire.publish(request.reply ?? "", "buzz");
  assert.equal(await ack, "buzz");
});

test("findTracing() finds nothing where the host has installed nothing, and then what it has", () => {
  assert.equal(findTracing(), undefined);
  installSdk({ followsContexts: false });
  assert.notEqual(findTracing(), undefined);
  removeSdk();
  assert.equal(findTracing(), undefined);
});

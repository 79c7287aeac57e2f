import assert from "node:assert/strict";
import { test } from "node:test";
import { circuitCluster, flowCluster } from "../../../src/circuit/flows/flow-cluster.js";
import { headerOf, originOf } from "../../../src/circuit/flows/item-header.js";
import type { Origin } from "../../../src/flow/cluster/durable-queue.js";
import { MemoryMesh } from "../../../src/mesh/memory/memory-mesh.js";
import { NatsMesh } from "../../../src/mesh/nats/nats-mesh.js";
import { durableQueueContract, newItem, PLACE, Taker } from "../../contract/durable-queue.js";
import { leasesContract } from "../../contract/key-bucket.js";
import { turns } from "../../contract/waiting.js";
import { DurableRig } from "../../mesh/durable-rig.js";
import { skipWithoutNats, startNats } from "../../mesh/nats-server.js";

const skip = skipWithoutNats;

durableQueueContract(
  "JetStream",
  async (context) => flowCluster((await DurableRig.open(context)).mesh()).queues,
  {
    skip,
  },
);

leasesContract(
  "NATS",
  async (context) => {
    const mesh = (await DurableRig.open(context)).mesh();
    await mesh.open();
    return flowCluster(mesh).leases;
  },
  { skip },
);

test("a queue is refused where the server has no JetStream", { skip }, async (context) => {
  const server = await startNats();
  const mesh = new NatsMesh({ url: server.url });
  context.after(async () => {
    await mesh.close();
    await server.kill();
  });
  await assert.rejects(flowCluster(mesh).queues.queue(PLACE).open(), {
    code: "EVENT_UNKEPT",
    message: /JetStream is not enabled/,
    hint: /-js/,
  });
});

test("a queue is what the protocol says: a stream of the flow, a subject, a header", {
  skip,
}, async (context) => {
  const rig = await DurableRig.open(context);
  const queue = flowCluster(rig.mesh()).queues.queue({ ...PLACE, flow: "my desk" });
  await queue.open();
  context.after(() => queue.close());
  await queue.put(newItem(3, { level: 512 }));
  const wire = await rig.wire();
  const ask = async (what: string, text = "") =>
    JSON.parse((await wire.request(`$JS.API.${what}`, text)).text);
  const { config } = await ask("STREAM.INFO.CIRCUIT_FLOW_my=20desk");
  assert.deepEqual(
    [config.retention, config.discard, config.subjects, config.duplicate_window],
    ["workqueue", "new", ["circuit.flow.my=20desk.>"], 120e9],
  );
  const { message } = await ask("STREAM.MSG.GET.CIRCUIT_FLOW_my=20desk", '{"seq":1}');
  assert.equal(message.subject, "circuit.flow.my=20desk.m.a.data.b");
  assert.equal(Buffer.from(message.data, "base64").toString(), '{"level":512}');
  const headers = Buffer.from(message.hdrs, "base64").toString();
  assert.match(headers, /^Flow-Item: desk m a 3 7 -\r$/m);
  assert.match(headers, /^Nats-Msg-Id: run\.3\r$/m);
  // What any client publishes there is an item.
  await wire.request("circuit.flow.my=20desk.m.a.data.b", "by hand");
  const taker = await Taker.begin(queue);
  await taker.when(({ items }) => items.length === 2);
  assert.deepEqual(
    taker.items.map(({ data, origin }) => [data, origin?.tick]),
    [
      [{ level: 512 }, 3],
      ["by hand", undefined],
    ],
  );
  await taker.drain();
});

test("a stream that is full makes who puts wait, and nothing is lost", { skip }, async (context) => {
  const rig = await DurableRig.open(context);
  const queue = flowCluster(rig.mesh(), { maxBytes: 4_096 }).queues.queue(PLACE);
  await queue.open();
  context.after(() => queue.close());
  let stored = 0;
  const putting = Array.from({ length: 20 }, async (_, tick) => {
    await queue.put(newItem(tick, "x".repeat(500)));
    stored++;
  });
  while (stored === 0) await turns();
  const taker = await Taker.begin(queue);
  await taker.when(({ items }) => new Set(items.map(({ id }) => id)).size === 20);
  await Promise.all(putting);
  await taker.drain();
});

test("what was not stored when the server went away is sent again, unless it may not any more", {
  skip,
}, async (context) => {
  const rig = await DurableRig.open(context);
  const queue = flowCluster(rig.mesh()).queues.queue(PLACE);
  await queue.open();
  context.after(() => queue.close());
  const taker = await Taker.begin(queue);
  await rig.server.kill();
  const late = queue.put({ ...newItem(0, "late"), isAllowed: () => false });
  const kept = queue.put({ ...newItem(1, "kept"), isAllowed: () => true });
  const refused = assert.rejects(late, { code: "PEER_LOST" });
  await rig.restart();
  await refused;
  await kept;
  await taker.when(({ items }) => items.length > 0);
  assert.deepEqual(taker.data, ["kept"]);
  await taker.drain();
});

test("circuitCluster() is there where the mesh is NATS", async () => {
  assert.equal(
    circuitCluster({}, () => assert.fail("nothing is opened")),
    undefined,
  );
  const mesh = new MemoryMesh();
  const cluster = circuitCluster({ mesh: "nats://127.0.0.1" }, async () => mesh);
  await assert.rejects(async () => cluster?.queues.queue(PLACE).open(), { code: "CONFIG_INVALID" });
  await assert.rejects(async () => cluster?.leases.leases.find("k"), { code: "CONFIG_INVALID" });
  await mesh.close();
});

const ORIGINS: readonly (readonly [header: string, origin: Origin])[] = [
  [
    "desk m numbers 0 0 -",
    { flow: "desk", manager: "m", source: "numbers", tick: 0, revision: 0, sequence: undefined },
  ],
  [
    "my=20desk =5Fm =2E 12 345 6789",
    { flow: "my desk", manager: "_m", source: ".", tick: 12, revision: 345, sequence: 6_789 },
  ],
];

for (const [header, origin] of ORIGINS) {
  test(`headerOf() writes ${header}`, () => assert.equal(headerOf(origin), header));
  test(`originOf() reads ${header}`, () => assert.deepEqual(originOf(header), origin));
  test(`originOf() refuses every beginning of ${header}`, () => {
    const words = header.split(" ");
    for (let count = 0; count < words.length; count++)
      assert.equal(originOf(words.slice(0, count).join(" ")), undefined);
  });
}

for (const header of [
  "",
  "desk m numbers 0 0 x",
  "desk m =41 0 0 -",
  "desk m numbers -1 0 -",
  "a b c 1 2 3 4",
])
  test(`originOf() refuses "${header}"`, () => assert.equal(originOf(header), undefined));

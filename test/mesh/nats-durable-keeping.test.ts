import assert from "node:assert/strict";
import { test } from "node:test";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { Ear } from "../contract/events.js";
import { turns } from "../contract/waiting.js";
import { DurableEar, DurableRig, streams } from "./durable-rig.js";
import { skipWithoutNats, startNats } from "./nats-server.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

test(
  "NatsDurable tells that nothing keeps a subject, and that there is no storage",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    const unkept = { code: "EVENT_UNKEPT", message: "Cannot publish to a.b: no stream keeps it" };
    await assert.rejects(mesh.durable.publish("a.b", ""), unkept);
    const answering = await rig.wire();
    const sid = answering.subscribe("a.b");
    await answering.request("nobody.there", "");
    const refused = assert.rejects(mesh.durable.publish("a.b", ""), unkept);
    const request = await answering.next((message) => message.sid === sid);
    answering.publish(request.reply ?? "", "I take it");
    await refused;
    const bare = await startNats();
    context.after(() => bare.kill());
    const without = new NatsMesh({ url: bare.url });
    context.after(() => without.close());
    const off = { code: "EVENT_UNKEPT", hint: /-js/ };
    await assert.rejects(without.durable.publish("a", ""), off);
    await assert.rejects(DurableEar.open(without, "a", { name: "x" }), off);
    await assert.rejects(without.durable.report(), off);
    const last = new Ear(without, "a", { last: true });
    await without.join();
    assert.equal((last.errors[0] as { code?: string }).code, "EVENT_UNKEPT");
  },
);

test("NatsDurable tells that the server does not let it, and has no room", options, async (context) => {
  const config = `authorization { users = [
    { user: "u", password: "p", permissions: { publish: { deny: ["$JS.API.STREAM.CREATE.>", "secret"] } } }
  ] }\nno_auth_user: u`;
  const rig = await DurableRig.open(context, config);
  const mesh = rig.mesh();
  const denied = { code: "ACCESS_DENIED" };
  await assert.rejects(DurableEar.open(mesh, "a", { name: "x" }), denied);
  await assert.rejects(mesh.durable.publish("secret", ""), denied);
  const roomy = (await DurableRig.open(context)).mesh();
  const keeping = { maxBytes: 2 ** 50 };
  const noRoom = { code: "EVENT_UNKEPT", hint: /room/ };
  await assert.rejects(DurableEar.open(roomy, "a", { name: "x", keeping }), noRoom);
  await assert.rejects(DurableEar.open(roomy, "a", { name: "x", keeping: { replicas: 3 } }), noRoom);
});

test(
  "NatsDurable keeps what its listeners ask for, in one stream without overlaps",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    const kept = async () => (await streams(mesh.durable)).CIRCUIT?.subjects.toSorted();
    const listen = (name: string, pattern: string) => DurableEar.open(mesh, pattern, { name });
    const narrow = await listen("one", "a.b.c");
    await listen("two", "b");
    assert.deepEqual(await kept(), ["a.b.c", "b"]);
    const wide = await listen("three", "a.*.c");
    assert.deepEqual(await kept(), ["a.*.c", "b"]);
    const across = await listen("four", "a.b.*");
    assert.deepEqual(await kept(), ["a.*.*", "b"]);
    await listen("five", "circuit.errors.>");
    await mesh.durable.publish("a.b.c", "x");
    for (const ear of [narrow, wide, across]) {
      await ear.until(1);
      assert.deepEqual(ear.data, ["x"]);
    }
    for (const pattern of [">", "*.x", "$SYS.>", "circuit.>", "_INBOX.>"])
      await assert.rejects(listen("six", pattern), { code: "MESSAGE_INVALID" }, pattern);
    for (const name of ["", "a b", "a.b", "x".repeat(65)])
      await assert.rejects(listen(name, "a"), { code: "MESSAGE_INVALID" }, name);
  },
);

test("NatsDurable keeps more when a listener says so, and never less", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  await DurableEar.open(mesh, "a", { name: "x" });
  const wire = await rig.wire();
  const config = async () => {
    const { text } = await wire.request("$JS.API.STREAM.INFO.CIRCUIT", "");
    const { max_age, max_bytes, num_replicas, storage, discard, duplicate_window } = JSON.parse(text).config;
    return { max_age, max_bytes, num_replicas, storage, discard, duplicate_window };
  };
  const usual = {
    max_age: 604_800e9,
    max_bytes: 268_435_456,
    num_replicas: 1,
    storage: "file",
    discard: "old",
    duplicate_window: 120e9,
  };
  assert.deepEqual(await config(), usual);
  const less = await DurableEar.open(mesh, "b", {
    name: "y",
    keeping: { maxAgeMs: 3_600_000, maxBytes: 2 ** 30 },
  });
  await DurableEar.open(mesh, "c", { name: "z" });
  assert.deepEqual(await config(), { ...usual, max_bytes: 2 ** 30 });
  assert.deepEqual(
    less.errors.map((error) => (error as Error).message),
    [
      "Cannot keep less in CIRCUIT: it has maxAgeMs 604800000 and not 3600000, which others may have asked for",
    ],
  );
  const more = await DurableEar.open(mesh, "b", { name: "more", keeping: { maxAgeMs: 0, maxBytes: -1 } });
  await DurableEar.open(mesh, "b", { name: "usual", keeping: { maxAgeMs: 0 } });
  assert.deepEqual(await config(), { ...usual, max_age: 0, max_bytes: -1 });
  assert.deepEqual(more.errors, []);
});

test("NatsDurable keeps as little as the first listener asks for", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const ear = await DurableEar.open(mesh, "a", { name: "x", keeping: { maxAgeMs: 3_600_000 } });
  const wire = await rig.wire();
  const { text } = await wire.request("$JS.API.STREAM.INFO.CIRCUIT", "");
  assert.equal(JSON.parse(text).config.max_age, 3_600e9);
  assert.deepEqual(ear.errors, []);
});

test("NatsDurable leaves a stream of the user's as it is", options, async (context) => {
  const rig = await DurableRig.open(context);
  const wire = await rig.wire();
  const create = (name: string, subjects: string[]) =>
    wire.request(`$JS.API.STREAM.CREATE.${name}`, JSON.stringify({ name, subjects, storage: "memory" }));
  await create("ORDERS", ["orders.*"]);
  const mesh = rig.mesh();
  const ear = await DurableEar.open(mesh, "orders.new", { name: "x" });
  assert.equal((await mesh.durable.publish("orders.new", "1")).stream, "ORDERS");
  await ear.until(1);
  await assert.rejects(DurableEar.open(mesh, "orders.>", { name: "y" }), {
    code: "EVENT_UNKEPT",
    message: "Cannot keep events of orders.>: the stream ORDERS keeps a part of them, orders.*",
  });
  const [orders, ...others] = await mesh.durable.report();
  assert.deepEqual(others, []);
  assert.deepEqual(orders?.subjects, ["orders.*"]);
  assert.deepEqual(orders?.consumers[0]?.name, "x");
});

test("NatsDurable lets many processes add patterns at the same moment", options, async (context) => {
  const rig = await DurableRig.open(context);
  const meshes = Array.from({ length: 8 }, () => rig.mesh());
  await Promise.all(meshes.map((mesh) => mesh.join()));
  const ears = await Promise.all(
    meshes.map((mesh, index) => DurableEar.open(mesh, `p${index}.*`, { name: `l${index}` })),
  );
  const [mesh] = meshes;
  assert.ok(mesh);
  const wanted = meshes.map((_, index) => `p${index}.*`);
  const areKept = async () => {
    const subjects = (await streams(mesh.durable)).CIRCUIT?.subjects ?? [];
    return wanted.every((pattern) => subjects.includes(pattern));
  };
  while (!(await areKept())) await turns();
  for (const index of meshes.keys()) await mesh.durable.publish(`p${index}.x`, index);
  for (const [index, ear] of ears.entries()) {
    await ear.until(1);
    assert.deepEqual(ear.data, [index]);
  }
});

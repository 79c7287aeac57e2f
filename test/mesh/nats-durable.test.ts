import assert from "node:assert/strict";
import { test } from "node:test";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { Gate, turns } from "../contract/waiting.js";
import { DurableEar, DurableRig, streams } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

test(
  "NatsDurable hands a kept event out until it is handled, also to a successor",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const publisher = rig.mesh();
    const first = await DurableEar.open(rig.mesh(), "sensor.>", { name: "log" });
    const headers = { unit: "°C" };
    const stored = await publisher.durable.publish("sensor.attic", { on: 1 }, { headers, id: "one" });
    assert.deepEqual(stored, { stream: "CIRCUIT", sequence: 1, isDuplicate: false });
    await first.until(1);
    const [event] = first.events;
    assert.ok(event);
    const { at, storedAt, ...rest } = event;
    assert.deepEqual(rest, {
      id: "one",
      stream: "CIRCUIT",
      sequence: 1,
      deliveryCount: 1,
      subject: "sensor.attic",
      data: { on: 1 },
      headers,
      from: undefined,
    });
    assert.ok(Math.abs(performance.now() - at) < 10_000, `${at}`);
    assert.ok(Math.abs(Date.now() - storedAt) < 10_000, `${storedAt}`);
    await first.consumer.drain();
    // What is published the usual way is kept as well.
    publisher.publish("sensor.cellar", "while nobody listens");
    await publisher.durable.publish("sensor.raw", Uint8Array.of(0xc3, 0x28));
    const second = await DurableEar.open(rig.mesh(), "sensor.>", { name: "log" });
    await second.until(2);
    assert.deepEqual(second.data, ["while nobody listens", Uint8Array.of(0xc3, 0x28)]);
    assert.equal(second.events[0]?.id, "CIRCUIT:2");
    assert.deepEqual(first.data, [{ on: 1 }]);
  },
);

test("NatsDurable keeps the same id once, and says so", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const ear = await DurableEar.open(mesh, "a", { name: "x" });
  const published = [];
  for (const id of ["1", "1", "2"]) published.push(await mesh.durable.publish("a", id, { id }));
  assert.deepEqual(
    published.map(({ sequence, isDuplicate }) => [sequence, isDuplicate]),
    [
      [1, false],
      [1, true],
      [2, false],
    ],
  );
  await ear.until(2);
  await turns();
  assert.deepEqual(ear.data, ["1", "2"]);
});

test(
  "NatsDurable only acknowledges an id that was published again after the window",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const wire = await rig.wire();
    // A stream of the user's own, with a window that a test can wait for.
    const config = { name: "SHORT", subjects: ["a.>"], storage: "memory", duplicate_window: 100_000_000 };
    await wire.request("$JS.API.STREAM.CREATE.SHORT", JSON.stringify(config));
    const mesh = rig.mesh();
    const ear = await DurableEar.open(mesh, "a.b", { name: "x" });
    for (let stored = 0; stored < 2; ) {
      if (!(await mesh.durable.publish("a.b", "", { id: "same" })).isDuplicate) stored++;
      await ear.until(1);
      await turns();
    }
    await mesh.durable.publish("a.b", "", { id: "other" });
    wire.publish("a.b", "without an id");
    wire.publish("a.b", "without an id");
    await ear.until(4);
    assert.deepEqual(
      ear.events.map(({ id, stream, deliveryCount }) => [id, stream, deliveryCount]),
      [
        ["same", "SHORT", 1],
        ["other", "SHORT", 1],
        ["SHORT:4", "SHORT", 1],
        ["SHORT:5", "SHORT", 1],
      ],
    );
    assert.equal(ear.consumer.counts.duplicates, 1);
    assert.equal((await streams(mesh.durable)).CIRCUIT, undefined);
  },
);

test("NatsDurable hands each event to one of those who share a name", options, async (context) => {
  const rig = await DurableRig.open(context);
  const gate = new Gate();
  const does = () => {
    gate.arrive();
    return gate.open;
  };
  const ears: DurableEar[] = [];
  for (let index = 0; index < 3; index++)
    ears.push(await DurableEar.open(rig.mesh(), "job", { name: "worker", does }));
  const mesh = rig.mesh();
  for (let job = 0; job < 9; job++) await mesh.durable.publish("job", job);
  // While each is busy with one, none holds more.
  await gate.arrivals(3);
  assert.deepEqual(
    ears.map(({ events }) => events.length),
    [1, 1, 1],
  );
  gate.release();
  const all = () => ears.flatMap(({ data }) => data);
  await Promise.race(ears.map((ear) => ear.when(() => all().length === 9)));
  assert.deepEqual(all().sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test(
  "NatsDurable refuses a name that listens to something else, and forgets names",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    const ear = await DurableEar.open(mesh, "a.b", { name: "x" });
    await DurableEar.open(mesh, "a.c", { name: "y" });
    await assert.rejects(DurableEar.open(mesh, "a.c", { name: "x" }), {
      code: "MESSAGE_INVALID",
      message: "Cannot listen to a.c as x: that name listens to a.b",
    });
    await ear.consumer.drain();
    assert.equal(await mesh.durable.forget("x"), true);
    assert.equal(await mesh.durable.forget("x"), false);
    const again = await DurableEar.open(mesh, "a.c", { name: "x" });
    await mesh.durable.publish("a.c", 1);
    await again.until(1);
  },
);

test(
  "NatsDurable runs as many handlers at a time as it may, by default one, in order",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    let running = 0;
    let most = 0;
    const does = async () => {
      most = Math.max(most, ++running);
      await turns();
      running--;
    };
    const alone = await DurableEar.open(mesh, "n", { name: "alone", does });
    for (let count = 0; count < 50; count++) await mesh.durable.publish("n", count);
    await alone.until(50);
    assert.equal(most, 1);
    assert.deepEqual(
      alone.data,
      Array.from({ length: 50 }, (_, count) => count),
    );
    await alone.consumer.drain();
    const many = await DurableEar.open(mesh, "n", { name: "many", does, concurrency: 7 });
    await many.until(50);
    assert.equal(most, 7);
  },
);

test("NatsDurable waits for the server, until its signal aborts", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const ear = await DurableEar.open(mesh, "a", { name: "x" });
  await rig.server.kill();
  const reason = new Error("enough");
  const abort = new AbortController();
  const refused = assert.rejects(mesh.durable.publish("a", "no", { signal: abort.signal }), reason);
  await turns();
  abort.abort(reason);
  await refused;
  const published = mesh.durable.publish("a", "yes");
  await rig.restart();
  assert.equal((await published).sequence, 1);
  await ear.until(1);
  assert.deepEqual(ear.data, ["yes"]);
  const missing = new NatsMesh({ url: "nats://127.0.0.1:1", patienceMs: 10 });
  context.after(() => missing.close());
  await assert.rejects(missing.durable.publish("a", ""), { code: "PEER_MISSING" });
  await assert.rejects(DurableEar.open(missing, "a", { name: "x" }), { code: "PEER_MISSING" });
});

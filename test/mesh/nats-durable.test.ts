import assert from "node:assert/strict";
import { test } from "node:test";
import type { DurableEvents } from "../../src/mesh/durable.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { Ear } from "../contract/events.js";
import { Gate, turns } from "../contract/waiting.js";
import { DurableEar, DurableRig } from "./durable-rig.js";
import { skipWithoutNats, startNats } from "./nats-server.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

async function streams(durable: DurableEvents) {
  return Object.fromEntries((await durable.report()).map((stream) => [stream.name, stream]));
}

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
    const { at, ...rest } = event;
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

test("Consumer.drain() finishes what runs, and leaves the rest to a successor", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const gate = new Gate();
  const does = () => {
    gate.arrive();
    return gate.open;
  };
  const first = await DurableEar.open(rig.mesh(), "a", { name: "x", does });
  for (const data of [1, 2, 3]) await mesh.durable.publish("a", data);
  await gate.arrivals(1);
  const drained = first.consumer.drain();
  const second = await DurableEar.open(rig.mesh(), "a", { name: "x" });
  await second.until(2);
  gate.release();
  await drained;
  const { CIRCUIT } = await streams(mesh.durable);
  assert.deepEqual(CIRCUIT?.consumers[0], {
    name: "x",
    pattern: "a",
    lag: 0,
    unacknowledged: 0,
    redelivered: 0,
  });
  assert.deepEqual([first.data, second.data], [[1], [2, 3]]);
});

test("Consumer.close() tells the handler, and hands its event on", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const signals: AbortSignal[] = [];
  const does = (_: unknown, signal: AbortSignal) => {
    signals.push(signal);
    return new Promise(() => {});
  };
  const abort = new AbortController();
  const first = await DurableEar.open(rig.mesh(), "a", { name: "x", does, signal: abort.signal });
  await mesh.durable.publish("a", 1);
  await first.until(1);
  abort.abort();
  const second = await DurableEar.open(rig.mesh(), "a", { name: "x" });
  await second.until(1);
  assert.equal(signals[0]?.aborted, true);
  assert.equal(second.events[0]?.deliveryCount, 2);
});

test("NatsDurable hands out again what a process that died was handed", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const ear = await DurableEar.open(mesh, "a", { name: "x", handlerMs: 1_000 });
  await ear.consumer.drain();
  // A process that takes an event and is never heard of again.
  const wire = await rig.wire();
  await mesh.durable.publish("a", 1);
  const taken = await wire.request("$JS.API.CONSUMER.MSG.NEXT.CIRCUIT.x", "");
  assert.equal(taken.text, "1");
  const successor = await DurableEar.open(mesh, "a", { name: "x", handlerMs: 1_000 });
  await successor.until(1);
  assert.equal(successor.events[0]?.deliveryCount, 2);
});

test("NatsDurable only acknowledges what comes again after it was handled", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const ear = await DurableEar.open(mesh, "a", { name: "x", handlerMs: 1_000 });
  await mesh.durable.publish("a", 1);
  await ear.until(1);
  const wire = await rig.wire();
  // Its acks are lost: the listener is made anew, and hands out all that the stream has.
  await turns();
  await wire.request("$JS.API.CONSUMER.DELETE.CIRCUIT.x", "");
  while (ear.consumer.counts.duplicates === 0) await turns();
  await mesh.durable.publish("a", 2);
  await ear.until(2);
  assert.deepEqual(ear.data, [1, 2]);
  assert.equal(ear.consumer.counts.duplicates, 1);
});

test("NatsDurable keeps an event as long as its handler may take", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const done = new Gate();
  // The server would hand it out again after 1 s.
  const does = async ({ deliveryCount }: { deliveryCount: number }) => {
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    done.arrive();
    return deliveryCount;
  };
  const wire = await rig.wire();
  const ear = await DurableEar.open(mesh, "a", { name: "x", does, handlerMs: 3_000 });
  const { text } = await wire.request("$JS.API.CONSUMER.INFO.CIRCUIT.x", "");
  assert.equal(JSON.parse(text).config.ack_wait, 3e9);
  await mesh.durable.publish("a", 1);
  await done.arrivals(1);
  await ear.consumer.drain();
  assert.equal(ear.events.length, 1);
  assert.equal((await streams(mesh.durable)).CIRCUIT?.consumers[0]?.unacknowledged, 0);
});

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

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeadEvent } from "../../src/mesh/durable.js";
import type { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { Ear } from "../contract/events.js";
import { turns } from "../contract/waiting.js";
import { DurableEar, DurableRig } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

async function dead(mesh: NatsMesh): Promise<DeadEvent[]> {
  const all: DeadEvent[] = [];
  for await (const one of mesh.durable.dead()) all.push(one);
  return all;
}

const fail = () => {
  throw new Error("not\ntoday");
};

test(
  "NatsDurable tries an event again, and stores it among the dead after the last try",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    assert.deepEqual(await dead(mesh), []);
    const does = ({ data }: { data: unknown }) => (data === "bad" ? fail() : undefined);
    const ear = await DurableEar.open(mesh, "a.*", { name: "x", deliveries: 2, does });
    const headers = { unit: "°C" };
    await mesh.durable.publish("a.b", "bad", { headers, id: "one" });
    await mesh.durable.publish("a.b", "good");
    await ear.when(() => ear.dead.length > 0);
    assert.deepEqual(
      ear.events.map(({ data, deliveryCount }) => [data, deliveryCount]),
      [
        ["bad", 1],
        ["good", 1],
        ["bad", 2],
      ],
    );
    const [only, ...others] = await dead(mesh);
    assert.ok(only);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [only.number, only.consumer, only.cause, only.event.data, only.event.headers, only.event.id],
      [1, "x", "not today", "bad", headers, "one"],
    );
    const { subject, stream, sequence, deliveryCount } = only.event;
    assert.deepEqual([subject, stream, sequence, deliveryCount], ["a.b", "CIRCUIT", 1, 2]);
    assert.ok(Math.abs(Date.now() - only.diedAt) < 10_000);
    assert.ok(Math.abs(performance.now() - only.event.at) < 10_000);
    const [kept] = await mesh.durable.report();
    assert.equal(kept?.consumers[0]?.unacknowledged, 0);
  },
);

test(
  "DurableEvents.again() hands a dead event to who gave it up, and to no other",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    let isRepaired = false;
    const does = () => (isRepaired ? undefined : fail());
    const failing = await DurableEar.open(rig.mesh(), "a", { name: "failing", deliveries: 1, does });
    const other = await DurableEar.open(rig.mesh(), "a", { name: "other" });
    const plain = new Ear(mesh, "a");
    await mesh.join();
    await mesh.durable.publish("a", { on: true }, { id: "one", headers: { unit: "1" } });
    await failing.when(() => failing.dead.length > 0);
    isRepaired = true;
    assert.equal(await mesh.durable.again(1), true);
    await failing.until(2);
    const [first, second] = failing.events;
    assert.deepEqual(
      [second?.id, second?.data, second?.headers, second?.subject],
      [first?.id, first?.data, first?.headers, first?.subject],
    );
    assert.notEqual(second?.sequence, first?.sequence);
    assert.deepEqual(await dead(mesh), []);
    assert.equal(await mesh.durable.again(1), false);
    assert.equal(await mesh.durable.again(7), false);
    await mesh.durable.publish("a", "end");
    await Promise.all([other.until(2), plain.until(2)]);
    assert.deepEqual(other.data, [{ on: true }, "end"]);
    assert.deepEqual(plain.data, [{ on: true }, "end"]);
  },
);

test("DurableEvents.again() keeps a dead event whose listener is forgotten", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const ear = await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, does: fail });
  await mesh.durable.publish("a", 1);
  await ear.when(() => ear.dead.length > 0);
  await ear.consumer.drain();
  await mesh.durable.forget("x");
  await assert.rejects(mesh.durable.again(1), { code: "EVENT_UNKEPT" });
  assert.equal((await dead(mesh)).length, 1);
});

test(
  "DurableEvents.again() keeps a dead event whose listener hears other subjects by now",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    const ear = await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, does: fail });
    await mesh.durable.publish("a", 1);
    await ear.when(() => ear.dead.length > 0);
    await ear.consumer.drain();
    await mesh.durable.forget("x");
    await DurableEar.open(mesh, "b", { name: "x" });
    await assert.rejects(mesh.durable.again(1), {
      code: "EVENT_UNKEPT",
      message: "Cannot hand the dead event 1 on: x listens to b by now, and this is of a",
    });
    assert.equal((await dead(mesh)).length, 1);
    assert.equal((await mesh.durable.report()).find(({ name }) => name === "CIRCUIT")?.events, 1);
  },
);

test("An event is cut among the dead where the server takes no more", options, async (context) => {
  const rig = await DurableRig.open(context, "max_payload: 4096\n");
  const mesh = rig.mesh();
  const cause = "é".repeat(1_500);
  const does = () => {
    throw new Error(cause);
  };
  const ear = await DurableEar.open(mesh, "a.*", { name: "x", deliveries: 1, does });
  const wire = await rig.wire();
  const letters = ["x".repeat(1_500), "y".repeat(4_000)];
  for (const letter of letters) await mesh.durable.publish("a.b", letter);
  wire.publish("a.b", "z", "", [`long: ${"w".repeat(4_000)}`]);
  await ear.when(() => ear.dead.length === 3);
  assert.deepEqual(ear.errors, []);
  const [whole, beginning, bare] = await dead(mesh);
  assert.equal(whole?.event.data, letters[0]);
  assert.ok(whole && whole.cause.length > 500 && cause.startsWith(whole.cause));
  const cut = String(beginning?.event.data);
  assert.ok(cut.length > 3_000 && letters[1]?.startsWith(cut), `${cut.length}`);
  assert.ok(beginning && beginning.cause.length > 50 && cause.startsWith(beginning.cause));
  assert.deepEqual([bare?.event.data, bare?.event.headers], ["z", {}]);
  await assert.rejects(mesh.durable.again(2), {
    code: "EVENT_UNKEPT",
    message: /of 4000 bytes the dead have 3\d\d\d/,
  });
  assert.equal(await mesh.durable.again(1), true);
  await assert.rejects(mesh.durable.publish("a.b", "x".repeat(5_000)), { code: "MESSAGE_INVALID" });
});

test("DurableEvents.dead() leaves out what others have put there", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const ear = await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, does: fail });
  await mesh.durable.publish("a", 1);
  await ear.when(() => ear.dead.length > 0);
  const wire = await rig.wire();
  await wire.request("circuit.dead.CIRCUIT.x.7", "not ours");
  await wire.request("circuit.dead.CIRCUIT.x.8", "", ["Circuit-Dead-Subject: a", "Circuit-Dead-Time: soon"]);
  await mesh.durable.publish("a", 2);
  await ear.when(() => ear.dead.length > 1);
  assert.deepEqual(
    (await dead(mesh)).map(({ number, event }) => [number, event.data]),
    [
      [1, 1],
      [4, 2],
    ],
  );
  assert.deepEqual([await mesh.durable.again(2), await mesh.durable.again(3)], [false, false]);
});

test("DurableEvents.dead() that follows ends when its mesh is closed", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const following = (async () => {
    for await (const _ of mesh.durable.dead({ follow: true })) assert.fail("Nothing has died");
  })();
  const ended = assert.rejects(following, { code: "PEER_LOST" });
  await mesh.join();
  await turns();
  await mesh.close();
  await ended;
});

test("DurableEvents.dead() follows, also over a restart of the server", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, does: fail });
  const abort = new AbortController();
  const reason = new Error("enough");
  const heard: unknown[] = [];
  const following = (async () => {
    for await (const { event, number } of rig.mesh().durable.dead({ follow: true, signal: abort.signal })) {
      heard.push([number, event.data]);
      if (heard.length === 2) abort.abort(reason);
    }
  })();
  await mesh.durable.publish("a", 1);
  while (heard.length === 0) await turns();
  await rig.restart();
  await mesh.durable.publish("a", 2);
  await assert.rejects(following, reason);
  assert.deepEqual(heard, [
    [1, 1],
    [2, 2],
  ]);
});

/** A process that is handed the last delivery of an event, and dies. What it has said by then is what a test does. */
async function lastDelivery(context: Parameters<typeof DurableRig.open>[0]) {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const consume = { name: "x", deliveries: 1, handlerMs: 1_000 };
  const former = await DurableEar.open(mesh, "a", consume);
  await former.consumer.drain();
  await mesh.durable.publish("a", "bad", { id: "one" });
  const wire = await rig.wire();
  const taken = await wire.request("$JS.API.CONSUMER.MSG.NEXT.CIRCUIT.x", "");
  const [, , , , , sequence, , time] = (taken.reply ?? "").split(".");
  assert.equal(sequence, "1");
  return { rig, mesh, wire, consume, time };
}

test(
  "An event whose process died before it was among the dead is tried, and then is",
  options,
  async (context) => {
    const { mesh, consume } = await lastDelivery(context);
    const ear = await DurableEar.open(mesh, "a", { ...consume, does: fail });
    await ear.when(() => ear.dead.length > 0);
    assert.deepEqual(
      ear.events.map(({ deliveryCount }) => deliveryCount),
      [2],
    );
    assert.equal((await dead(mesh)).length, 1);
  },
);

test("An event whose process died after it was among the dead is there once", options, async (context) => {
  const { mesh, wire, consume, time } = await lastDelivery(context);
  const grave = { name: "CIRCUIT_DEAD", subjects: ["circuit.dead.>"], storage: "file" };
  await wire.request("$JS.API.STREAM.CREATE.CIRCUIT_DEAD", JSON.stringify(grave));
  const headers = [
    `Nats-Msg-Id: CIRCUIT.x.1.${time}`,
    "Circuit-Id: one",
    "Circuit-Dead-Subject: a",
    "Circuit-Dead-Stream: CIRCUIT",
    "Circuit-Dead-Consumer: x",
    "Circuit-Dead-Sequence: 1",
    "Circuit-Dead-Deliveries: 1",
    `Circuit-Dead-Time: ${time}`,
    "Circuit-Dead-Cause: the last words",
  ];
  await wire.request("circuit.dead.CIRCUIT.x.1", "bad", headers);
  const ear = await DurableEar.open(mesh, "a", { ...consume, does: fail });
  const isDone = async () => (await mesh.durable.report())[0]?.consumers[0]?.unacknowledged === 0;
  while (!(await isDone())) await turns();
  await mesh.durable.publish("a", "next");
  await ear.until(1);
  assert.deepEqual(ear.data, ["next"]);
  await ear.when(() => ear.dead.length > 0);
  assert.deepEqual(
    (await dead(mesh)).map(({ cause, event }) => [cause, event.data]),
    [
      ["the last words", "bad"],
      ["not today", "next"],
    ],
  );
});

test(
  "An event is given up only once the dead have it, although the server is killed",
  options,
  async (context) => {
    const rig = await DurableRig.open(context);
    const mesh = rig.mesh();
    let restarted: Promise<void> | undefined;
    const does = () => {
      restarted ??= rig.restart();
      fail();
    };
    const ear = await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, does });
    await mesh.durable.publish("a", "bad");
    await ear.when(() => ear.dead.length > 0);
    await restarted;
    assert.equal((await dead(mesh)).length, 1);
    await mesh.durable.publish("a", "end");
    await ear.until(2);
    await ear.when(() => ear.dead.length > 1);
    assert.deepEqual(ear.data, ["bad", "end"]);
  },
);

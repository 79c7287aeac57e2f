import assert from "node:assert/strict";
import { test } from "node:test";
import { CircuitError } from "../../src/core/error.js";
import { type DeadEvent, type DurableEvent, GiveUp, HandBack } from "../../src/mesh/durable.js";
import type { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { Gate, turns } from "../contract/waiting.js";
import { DurableEar, DurableRig } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

async function dead(mesh: NatsMesh): Promise<DeadEvent[]> {
  const all: DeadEvent[] = [];
  for await (const one of mesh.durable.dead()) all.push(one);
  return all;
}

async function unacknowledged(mesh: NatsMesh): Promise<number | undefined> {
  const reports = await mesh.durable.report();
  return reports.find(({ name }) => name === "CIRCUIT")?.consumers[0]?.unacknowledged;
}

test("Consumer.drain(0) hands back at once what fails because it is stopped", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  let stop = () => {};
  const does = () => new Promise((_, reject) => (stop = () => reject(new Error("stopped"))));
  const first = await DurableEar.open(rig.mesh(), "a", { name: "x", deliveries: 1, does });
  await mesh.durable.publish("a", 1);
  await first.until(1);
  await turns();
  const closed = first.consumer.drain(0);
  stop();
  await closed;
  const second = await DurableEar.open(rig.mesh(), "a", { name: "x", deliveries: 1 });
  await second.until(1);
  assert.deepEqual(second.data, [1]);
  assert.deepEqual(await dead(mesh), []);
});

test("A handler that throws HandBack while it leaves costs the event no try", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  let stop = () => {};
  const does = () => new Promise((_, reject) => (stop = () => reject(new HandBack())));
  const first = await DurableEar.open(rig.mesh(), "a", { name: "x", deliveries: 1, does });
  await mesh.durable.publish("a", 1);
  await first.until(1);
  await turns();
  const drained = first.consumer.drain();
  stop();
  await drained;
  const second = await DurableEar.open(rig.mesh(), "a", { name: "x", deliveries: 1 });
  await second.until(1);
  assert.deepEqual(await dead(mesh), []);
});

test("A handler that throws HandBack is handed the event again", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  let refusals = 0;
  const does = () => {
    if (refusals++ < 2) throw new HandBack();
  };
  const ear = await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, does });
  await mesh.durable.publish("a", 1);
  await ear.until(3);
  assert.deepEqual(
    ear.events.map(({ deliveryCount }) => deliveryCount),
    [1, 2, 3],
  );
  assert.deepEqual([ear.dead, await dead(mesh)], [[], []]);
});

test("A handler whose own message is refused has had its try", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const does = () => {
    throw new CircuitError("NOT_RUN", "Cannot get an ack from lamp: it is being stopped");
  };
  const ear = await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, does });
  await mesh.durable.publish("a", 1);
  await ear.when(() => ear.dead.length > 0);
  assert.equal(ear.events.length, 1);
});

test("A handler that throws GiveUp is not handed the event again", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const does = () => {
    throw new GiveUp(new Error("it does not fit"));
  };
  const ear = await DurableEar.open(mesh, "a", { name: "x", does });
  await mesh.durable.publish("a", 1);
  await ear.when(() => ear.dead.length > 0);
  assert.equal(ear.events.length, 1);
  assert.deepEqual(
    (await dead(mesh)).map(({ cause }) => cause),
    ["it does not fit"],
  );
});

test("A handler that never ends is given up after its time", options, async (context) => {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const signals: AbortSignal[] = [];
  const does = ({ data }: DurableEvent, signal: AbortSignal) => {
    signals.push(signal);
    return data === "slow" ? new Promise(() => {}) : undefined;
  };
  const ear = await DurableEar.open(mesh, "a", { name: "x", deliveries: 1, handlerMs: 50, does });
  await mesh.durable.publish("a", "slow");
  await mesh.durable.publish("a", "next");
  await ear.until(2);
  assert.deepEqual(ear.data, ["slow", "next"]);
  assert.equal(signals[0]?.aborted, true);
  const [only] = await dead(mesh);
  assert.match(only?.cause ?? "", /it took more than 50 ms/);
});

/** A listener that is handed so many events and handles all but the last, which waits. */
async function heldBy(context: Parameters<typeof DurableRig.open>[0], exact: boolean) {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const gate = new Gate();
  const does = ({ data }: DurableEvent) => {
    if (data !== 150) return;
    gate.arrive();
    return gate.open;
  };
  const ear = await DurableEar.open(mesh, "n", { name: "x", exact, does });
  const stored = Array.from({ length: 300 }, (_, count) => mesh.durable.publish("n", count));
  await Promise.all(stored);
  await gate.arrivals(1);
  await turns();
  const held = await unacknowledged(mesh);
  gate.release();
  await ear.until(300);
  return held ?? 0;
}

test("A listener reads ahead of quick handlers, unless it is exact", options, async (context) => {
  assert.equal(await heldBy(context, true), 1);
  const held = await heldBy(context, false);
  assert.ok(held > 1 && held <= 65, `${held}`);
});

/** Events that a listener of five tries was handed so often, and never answered for. */
async function unanswered(context: Parameters<typeof DurableRig.open>[0], count: number, times: number) {
  const rig = await DurableRig.open(context);
  const mesh = rig.mesh();
  const former = await DurableEar.open(mesh, "a", { name: "x", handlerMs: 1_000 });
  await former.consumer.drain();
  for (let data = 1; data <= count; data++) await mesh.durable.publish("a", data);
  const wire = await rig.wire();
  for (let time = 0; time < times; time++) {
    const taken = [];
    for (let one = 0; one < count; one++)
      taken.push(await wire.request("$JS.API.CONSUMER.MSG.NEXT.CIRCUIT.x", ""));
    for (const { reply = "" } of taken) wire.publish(reply, "-NAK");
  }
  return mesh;
}

test("What was handed out more often than it is tried runs alone", options, async (context) => {
  const mesh = await unanswered(context, 3, 6);
  let running = 0;
  let most = 0;
  const does = async () => {
    most = Math.max(most, ++running);
    await turns();
    running--;
  };
  const ear = await DurableEar.open(mesh, "a", { name: "x", handlerMs: 1_000, concurrency: 4, does });
  await ear.until(3);
  await ear.consumer.drain();
  assert.deepEqual(ear.data.toSorted(), [1, 2, 3]);
  assert.equal(most, 1);
  assert.deepEqual(await dead(mesh), []);
});

test(
  "What was handed out far too often is given up untried, and what came with it is tried",
  options,
  async (context) => {
    const mesh = await unanswered(context, 3, 16);
    const ear = await DurableEar.open(mesh, "a", { name: "x", handlerMs: 1_000, concurrency: 4 });
    await ear.until(2);
    assert.deepEqual(ear.data.toSorted(), [2, 3]);
    await ear.when(() => ear.dead.length > 0);
    const [only, ...others] = await dead(mesh);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [only?.event.data, only?.cause],
      [1, "it was handed out 17 times, and is not tried once more"],
    );
  },
);

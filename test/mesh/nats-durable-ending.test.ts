import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate, turns } from "../contract/waiting.js";
import { DurableEar, DurableRig, streams } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

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

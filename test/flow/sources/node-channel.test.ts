import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../../src/core/clock.js";
import { toNode } from "../../../src/flow/outputs/to-node.js";
import { type NodeChannelOptions, nodeChannel } from "../../../src/flow/sources/node-channel.js";
import { MemoryMesh } from "../../../src/mesh/memory/memory-mesh.js";
import type { Payload } from "../../../src/mesh/payload.js";
import { turns } from "../../contract/waiting.js";
import { bench, reader } from "../source-context.js";

function scene(t: TestContext, options: NodeChannelOptions = {}) {
  const mesh = new MemoryMesh({ clock: systemClock });
  t.after(() => mesh.close());
  const { context, stop } = bench();
  const items = reader(nodeChannel<Payload>(mesh, "intake", options)(context));
  return { mesh, context, items, stop };
}

test("nodeChannel() acknowledges a message when the next one is asked for", async (t) => {
  const { mesh, context, items } = scene(t);
  const first = items.next();
  await turns();
  const output = toNode<Payload, { readonly price: number }>(mesh, "intake", {
    channel: "prices",
    key: ({ price }) => `price/${price}`,
  });
  let isTaken = false;
  const taken = Promise.resolve(output({ price: 12 }, context)).then(() => {
    isTaken = true;
  });
  assert.deepEqual(await first, { channel: "prices", message: { price: 12 }, key: "price/12" });
  await turns();
  assert.ok(!isTaken, "it was acknowledged while it was being handled");
  const second = items.next();
  await taken;
  const ack = mesh.send("intake", "more");
  assert.equal((await second).message, "more");
  const rest = items.rest();
  assert.equal(await ack, "acknowledged");
  await mesh.close();
  rest.catch(() => {});
});

test("nodeChannel() that stops refuses what waits, and says what it does not know", async (t) => {
  const { mesh, items } = scene(t);
  const first = items.next();
  await turns();
  const sent = ["one", "two"].map((message, lane) =>
    mesh.send("intake", message, { channel: `lane ${lane}` }).then(String, (error) => String(error.message)),
  );
  await first;
  await turns();
  await items.leave();
  const [one = "", two = ""] = await Promise.all(sent);
  assert.match(one, /Cannot tell what became of the message to intake: it has stopped/);
  assert.match(two, /Cannot take the message to intake: it has stopped/);
});

test("nodeChannel() refuses other channels than its own", async (t) => {
  const { mesh, items } = scene(t, { channel: "prices" });
  const first = items.next();
  await turns();
  await assert.rejects(mesh.send("intake", "1", { channel: "noise" }), /its channel is prices, not noise/);
  const ack = mesh.send("intake", "2", { channel: "prices" });
  assert.equal((await first).message, "2");
  void items.next();
  assert.equal(await ack, "acknowledged");
});

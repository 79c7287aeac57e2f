import assert from "node:assert/strict";
import { test } from "node:test";
import { BridgedNode } from "../../src/circuit/bridged-node.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { turns } from "../contract/waiting.js";

/** A place on a mesh, and what became of it. */
function place() {
  const clock = new ManualClock();
  const told: string[] = [];
  const fails = { next: false, forGood: false };
  const node = new BridgedNode({
    clock,
    serve: async () => {
      if (fails.next) throw new Error("no server");
      const close = async () => void told.push("closed");
      return { name: "buzzer", addresses: ["there"], drain: close, close };
    },
    joined: (addresses) => told.push(`joined ${addresses}`),
    left: () => told.push("left"),
    failed: (error) => {
      told.push(String(error));
      return !fails.forGood;
    },
  });
  return { clock, told, node, fails };
}

test("BridgedNode is served while its node is there, and 5 s longer", async () => {
  const { clock, told, node } = place();
  node.setThere(true);
  await turns();
  assert.deepEqual(told, ["joined there"]);
  node.setThere(false);
  clock.advance(4_999);
  await turns();
  assert.deepEqual(told, ["joined there"]);
  clock.advance(1);
  await turns();
  assert.deepEqual(told, ["joined there", "closed", "left"]);
  node.setThere(true);
  await turns();
  assert.equal(told.at(-1), "joined there");
});

test("BridgedNode takes no notice of a node that comes back within 5 s", async () => {
  const { clock, told, node } = place();
  node.setThere(true);
  await turns();
  node.setThere(false);
  clock.advance(4_000);
  node.setThere(true);
  clock.advance(10_000);
  await turns();
  assert.deepEqual(told, ["joined there"]);
});

test("BridgedNode tries again what could not be served, while the node is there", async () => {
  const { clock, told, node, fails } = place();
  fails.next = true;
  node.setThere(true);
  await turns();
  clock.advance(5_000);
  await turns();
  assert.deepEqual(told, ["Error: no server", "Error: no server"]);
  fails.next = false;
  clock.advance(5_000);
  await turns();
  assert.equal(told.at(-1), "joined there");
});

test("BridgedNode does not try again what cannot be served at all", async () => {
  const { clock, told, node, fails } = place();
  Object.assign(fails, { next: true, forGood: true });
  node.setThere(true);
  await turns();
  clock.advance(60_000);
  await turns();
  assert.deepEqual(told, ["Error: no server"]);
});

test("BridgedNode does not try again for a node that has gone", async () => {
  const { clock, told, node, fails } = place();
  fails.next = true;
  node.setThere(true);
  await turns();
  node.setThere(false);
  fails.next = false;
  clock.advance(4_999);
  clock.advance(10_000);
  await turns();
  assert.deepEqual(told, ["Error: no server"]);
});

test("BridgedNode.close() leaves at once, and what comes later changes nothing", async () => {
  const { clock, told, node } = place();
  node.setThere(true);
  await turns();
  await Promise.all([node.close(), node.close()]);
  node.setThere(true);
  clock.advance(10_000);
  await turns();
  assert.deepEqual(told, ["joined there", "closed", "left"]);
});

test("a node that is closed while it is being served is served no more", async () => {
  const { node, told } = place();
  const opened = node.open();
  await node.close();
  await opened;
  assert.deepEqual(told, ["joined there", "closed", "left"]);
});

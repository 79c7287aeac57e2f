import assert from "node:assert/strict";
import { test } from "node:test";
import { LazyMesh } from "../../../src/circuit/flows/lazy-mesh.js";
import { MemoryMesh } from "../../../src/mesh/memory/memory-mesh.js";
import { collect, turns } from "../../contract/waiting.js";

function lazy(open: () => Promise<MemoryMesh>) {
  const failures: unknown[] = [];
  const notices: string[] = [];
  let opened = 0;
  const mesh = new LazyMesh({
    open: () => {
      opened++;
      return open();
    },
    failed: (reason) => failures.push(reason),
    notice: (text) => notices.push(text),
  });
  return { mesh, failures, notices, opened: () => opened };
}

test("LazyMesh opens nothing as long as nobody uses it", async () => {
  const { mesh, opened } = lazy(() => assert.fail());
  assert.deepEqual(mesh.counts().nodes, []);
  assert.equal(mesh.durable, undefined);
  await mesh.close();
  assert.equal(opened(), 0);
});

test("LazyMesh sends what was published before it was there, in order, to those who listened before", async () => {
  const inner = new MemoryMesh();
  const { promise, resolve } = later<MemoryMesh>();
  const { mesh, opened } = lazy(() => promise);
  const heard: unknown[] = [];
  const subscription = mesh.subscribe("a.>", ({ subject, data }) => heard.push([subject, data]));
  mesh.subscribe("a.>", () => assert.fail("it was closed before")).close();
  assert.equal(mesh.publish("a.b", 1), undefined);
  mesh.publish("a.c", "two");
  mesh.publishOwn("circuit.errors.desk", {});
  await turns();
  assert.deepEqual(heard, []);
  resolve(inner);
  await turns();
  mesh.publish("a.d", null);
  await turns();
  assert.deepEqual(heard, [
    ["a.b", 1],
    ["a.c", "two"],
    ["a.d", null],
  ]);
  subscription.close();
  mesh.publish("a.e", 5);
  await turns();
  assert.equal(heard.length, 3);
  assert.equal(opened(), 1);
  await mesh.close();
  assert.throws(() => inner.publish("a", 1), { code: "PEER_LOST" });
});

test("LazyMesh serves and sends", async () => {
  const { mesh } = lazy(async () => new MemoryMesh());
  await mesh.serve("echo", ({ message }) => message);
  assert.equal(await mesh.send("echo", "hello"), "hello");
  assert.deepEqual(await collect(mesh.stream("echo", ["1", "2"])), ["1", "2"]);
  assert.equal(await mesh.join(), 0);
  await mesh.close();
});

test("LazyMesh tells once that it cannot be opened: to whom needs it, but not for reports alone", async () => {
  const reason = new Error("no server");
  const needed = lazy(() => Promise.reject(reason));
  needed.mesh.publish("a", 1);
  await assert.rejects(needed.mesh.send("echo", "x"), reason);
  assert.deepEqual([needed.failures, needed.opened()], [[reason], 1]);
  const own = lazy(() => Promise.reject(reason));
  own.mesh.publishOwn("circuit.errors.desk", {});
  await turns();
  assert.deepEqual(own.failures, []);
  assert.match(own.notices[0] ?? "", /no server/);
  await own.mesh.close();
});

test("LazyMesh opens nothing any more once it is closed", async () => {
  const { mesh, opened } = lazy(() => assert.fail());
  await mesh.close();
  await assert.rejects(mesh.send("echo", "x"), { code: "PEER_LOST" });
  assert.throws(() => mesh.publish("a", 1), { code: "PEER_LOST" });
  assert.throws(() => mesh.subscribe("a", () => {}), { code: "PEER_LOST" });
  assert.equal(opened(), 0);
});

test("LazyMesh refuses what cannot be, at once", async () => {
  const { mesh } = lazy(() => new Promise(() => {}));
  assert.throws(() => mesh.publish("a b", 1), { code: "MESSAGE_INVALID" });
  assert.throws(() => mesh.subscribe("a..b", () => {}), { code: "MESSAGE_INVALID" });
  for (let event = 0; event < 1_024; event++) mesh.publish("a", event);
  assert.throws(() => mesh.publish("a", 1_024), { code: "NOT_RUN", message: /1024 wait already/ });
});

test("LazyMesh tells of what cannot be sent when it is there, and goes on", async () => {
  const { mesh, notices } = lazy(async () => new MemoryMesh());
  const heard: unknown[] = [];
  mesh.subscribe("a", ({ data }) => heard.push(data));
  // The cast: what a flow in JavaScript may hand over.
  mesh.publish("a", (() => {}) as unknown as string);
  mesh.publish("a", "good");
  await turns();
  assert.deepEqual(heard, ["good"]);
  assert.match(notices.join(), /JSON has no words/);
});

/** A Promise, and what settles it. */
function later<Value>() {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((given) => {
    resolve = given;
  });
  return { promise, resolve };
}

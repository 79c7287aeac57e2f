import assert from "node:assert/strict";
import { after, test } from "node:test";
import { forwardTo } from "../../src/circuit/forward.js";
import { CircuitError, type CircuitErrorCode } from "../../src/core/error.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Handler, Mesh } from "../../src/mesh/mesh.js";
import { codeOf, collect } from "../contract/waiting.js";

const meshes: MemoryMesh[] = [];
after(() => Promise.all(meshes.map((mesh) => mesh.close())));

/** A mesh that is closed with the tests. */
function memory(): MemoryMesh {
  const mesh = new MemoryMesh();
  meshes.push(mesh);
  return mesh;
}

/** A near and a far mesh, and a node of the far one that the near one reaches over a bridge. */
async function bridge(handler: Handler, far: Mesh = memory()) {
  const near = memory();
  await far.serve("bell", handler);
  await near.serve("bell", forwardTo(far, "bell", "b1"), { concurrency: 1_024 });
  return { near, far };
}

/** A mesh to which nothing can be sent. */
function broken(problem: unknown): Mesh {
  return Object.assign(memory(), { send: () => Promise.reject(problem) });
}

test("forwardTo() passes on message, channel and ack with their types", async () => {
  const { near } = await bridge(({ channel, message }) => [channel, message]);
  assert.deepEqual(await near.send("bell", { a: [1, null] }, { channel: "c" }), ["c", { a: [1, null] }]);
  assert.deepEqual(await near.send("bell", "text"), ["", "text"]);
  const bytes = await bridge(({ message }) => message);
  assert.deepEqual(
    Buffer.from((await bytes.near.send("bell", Buffer.from([0, 255]))) as Uint8Array),
    Buffer.from([0, 255]),
  );
});

test("forwardTo() keeps the order of a channel, and lets many be under way", async () => {
  const ran: string[] = [];
  const { near } = await bridge(async ({ message }) => {
    ran.push(String(message));
    if (ran.length % 7 === 0) await new Promise(setImmediate);
    return message;
  });
  const sent = Array.from({ length: 5_000 }, (_, index) => String(index));
  assert.deepEqual(await collect(near.stream("bell", sent)), sent);
  assert.deepEqual(ran, sent);
});

test("forwardTo() says of a handler that failed what its sender would have been told", async () => {
  const failing: Handler = () => {
    throw new Error("no piezo");
  };
  const { near, far } = await bridge(failing);
  const direct = await far.send("bell", "1").catch((error: CircuitError) => error);
  const bridged = await near.send("bell", "1").catch((error: CircuitError) => error);
  assert.ok(direct instanceof CircuitError && bridged instanceof CircuitError);
  assert.deepEqual([bridged.code, bridged.message], [direct.code, direct.message]);
  assert.deepEqual(
    [bridged.code, bridged.message],
    ["PEER_REFUSED", "Cannot get an ack from bell: its handler failed: no piezo"],
  );
});

const codes: readonly (readonly [far: CircuitErrorCode, near: CircuitErrorCode])[] = [
  ["PEER_MISSING", "PEER_MISSING"],
  ["PEER_UNKNOWN", "PEER_MISSING"],
  ["PEER_LOST", "PEER_LOST"],
  ["PEER_REFUSED", "PEER_REFUSED"],
  ["DELIVERY_UNKNOWN", "DELIVERY_UNKNOWN"],
  ["NOT_RUN", "NOT_RUN"],
  ["CALL_CYCLE", "CALL_CYCLE"],
  ["TIMEOUT", "TIMEOUT"],
  ["MESSAGE_INVALID", "MESSAGE_INVALID"],
  ["ACCESS_DENIED", "ACCESS_DENIED"],
  ["ADDRESS_INVALID", "PEER_REFUSED"],
];
for (const [far, near] of codes) {
  test(`forwardTo() passes ${far} on as ${near}, also over two bridges`, async () => {
    const problem = new CircuitError(far, "Cannot reach bell: it is not there");
    const one = await bridge(() => "", broken(problem));
    const reason = /its bridge cannot reach bell: it is not there$/;
    await assert.rejects(one.near.send("bell", "1"), { code: near, message: reason });
    const further = memory();
    await further.serve("bell", forwardTo(one.near, "bell", "b2"));
    await assert.rejects(further.send("bell", "1"), { code: near, message: reason });
  });
}

test("forwardTo() passes on deadline, chain, key and deliveries, and adds no deadline", async () => {
  const seen: unknown[] = [];
  const sentDeadlineAtMs = performance.now() + 60_000;
  const { near } = await bridge(({ hasDeadline, deadlineAtMs, chain, idempotencyKey, deliveryCount }) => {
    seen.push([
      hasDeadline && Math.abs(deadlineAtMs - sentDeadlineAtMs) < 1_000,
      chain,
      idempotencyKey,
      deliveryCount,
    ]);
  });
  const cause = { deadlineAtMs: sentDeadlineAtMs, chain: ["clock/tick"] };
  await near.send("bell", "1", { cause, passesOn: { deliveryCount: 3, idempotencyKey: "k" } });
  await near.send("bell", "1", { passesOn: { deliveryCount: 1, idempotencyKey: "l" } });
  assert.deepEqual(seen, [
    [true, ["clock/tick", "/bridge/b1", "bell/"], "k", 3],
    [false, ["/bridge/b1", "bell/"], "l", 1],
  ]);
});

test("forwardTo() tells the far node that nobody waits any more", async () => {
  const giveUp = new AbortController();
  let stopped = () => {};
  const isStopped = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const { near } = await bridge(
    ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          stopped();
          resolve("late");
        });
        giveUp.abort(new Error("enough"));
      }),
  );
  await assert.rejects(near.send("bell", "1", { signal: giveUp.signal }), { message: "enough" });
  await isStopped;
});

test("a call that would wait for itself beyond a bridge is refused", async () => {
  const near = memory();
  const far = memory();
  const answers: string[] = [];
  await far.serve("bell", async (delivery) => {
    const [result] = await Promise.allSettled([far.send("gate", "1", { cause: delivery })]);
    answers.push(result ? codeOf(result) : "");
    return "rung";
  });
  await near.serve("gate", (delivery) => near.send("bell", "again", { cause: delivery }));
  await near.serve("bell", forwardTo(far, "bell", "b1"), { concurrency: 1_024 });
  await far.serve("gate", forwardTo(near, "gate", "b1"), { concurrency: 1_024 });
  assert.equal(await near.send("bell", "1"), "rung");
  assert.deepEqual(answers, ["PEER_REFUSED"], "the gate's own handler failed, because of a cycle");
});

test("bridges that know a node only from each other refuse it", async () => {
  const near = memory();
  const far = memory();
  await near.serve("ghost", forwardTo(far, "ghost", "b1"), { concurrency: 1_024 });
  await far.serve("ghost", forwardTo(near, "ghost", "b2"), { concurrency: 1_024 });
  await assert.rejects(near.send("ghost", "1"), {
    code: "CALL_CYCLE",
    message: /bridges pass ghost to each other/,
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Payload } from "../../src/mesh/payload.js";
import { numbers, open, options, restart, waitUntil } from "./nats-rig.js";

test("NatsMesh waits for a node that comes later, and says so", options, async (context) => {
  const { mesh } = await open(context);
  const notices: (string | undefined)[] = [];
  const [near, far] = [mesh({ notice: ({ problem }) => notices.push(problem?.code) }), mesh()];
  const ack = near.send("late", "1");
  await near.open();
  await waitUntil(() => notices.length === 1);
  await far.serve("late", () => "here");
  assert.equal(await ack, "here");
  assert.deepEqual(notices, ["PEER_MISSING", undefined]);
});

test("NatsMesh gives up a node that never comes", options, async (context) => {
  const { mesh } = await open(context);
  await assert.rejects(mesh({ patienceMs: 200 }).send("nobody", "1"), {
    code: "PEER_MISSING",
    message: /no node of that name/,
  });
});

test("NatsMesh says at once that the server refuses its credentials", options, async (context) => {
  const { mesh } = await open(context, "authorization { user: circuit, password: right }");
  await assert.rejects(
    mesh({ credentials: { user: "circuit", password: "wrong" } }).open(),
    (error: Error) => {
      assert.ok(!error.message.includes("wrong"));
      return "code" in error && error.code === "ACCESS_DENIED";
    },
  );
  await assert.rejects(
    mesh().serve("echo", () => ""),
    { code: "ACCESS_DENIED", message: /without credentials/ },
  );
  await assert.rejects(mesh({ credentials: { creds: "/nonexistent.creds" } }).open(), {
    code: "FILE_FAILED",
  });
  const far = mesh({ credentials: { user: "circuit", password: "right" } });
  await far.serve("echo", () => "in");
  assert.equal(await far.send("echo", "1"), "in");
});

test(
  "NatsMesh waits for a server that comes later, and gives up one that does not",
  options,
  async (context) => {
    const { current, server, mesh } = await open(context);
    await server.kill();
    await assert.rejects(
      mesh({ patienceMs: 100 }).serve("echo", () => ""),
      {
        code: "PEER_MISSING",
        message: /nobody listens there/,
      },
    );
    await assert.rejects(mesh({ patienceMs: 100 }).send("echo", "1"), { code: "PEER_MISSING" });
    const notices: (string | undefined)[] = [];
    const far = mesh({ notice: ({ peer, problem }) => notices.push(`${peer} ${problem?.code}`) });
    const serving = far.serve("echo", () => "here");
    const ack = mesh().send("echo", "1");
    await waitUntil(() => notices.length === 1);
    current.server = await restart(server);
    await serving;
    assert.equal(await ack, "here");
    assert.deepEqual(notices, ["NATS PEER_MISSING", "NATS undefined"]);
  },
);

test("NatsMesh goes on with a stream when its server was killed and came back", options, async (context) => {
  const { current, server, mesh } = await open(context);
  const run: Payload[] = [];
  await mesh().serve("echo", async ({ message }) => {
    run.push(message);
    if (run.length % 7 === 0) await new Promise(setImmediate);
    return message;
  });
  const acks: Payload[] = [];
  for await (const ack of mesh().stream("echo", numbers(30_000))) {
    acks.push(ack);
    if (acks.length % 10_000 !== 0 || acks.length === 30_000) continue;
    await current.server.kill();
    current.server = await restart(server);
  }
  assert.deepEqual(acks, numbers(30_000));
  assert.deepEqual(run, numbers(30_000));
});

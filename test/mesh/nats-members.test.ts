import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../src/mesh/mesh.js";
import type { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { Gate } from "../contract/waiting.js";
import { numbers, open, options, restart } from "./nats-rig.js";

test("NatsMesh lets the members of a node share requests and senders", options, async (context) => {
  const { mesh, wire } = await open(context);
  const counts = [0, 0];
  const count =
    (index: number): Handler =>
    () => {
      counts[index] = (counts[index] ?? 0) + 1;
      return String(index);
    };
  await mesh().serve("pool", count(0));
  await mesh().serve("pool", count(1));
  const foreign = await wire();
  for (const text of numbers(60))
    assert.match((await foreign.request("circuit.pool.x", text)).text, /^[01]$/);
  assert.equal((counts[0] ?? 0) + (counts[1] ?? 0), 60);
  assert.ok((counts[0] ?? 0) > 5 && (counts[1] ?? 0) > 5, `one member had most: ${counts}`);
  const members = new Set<Payload>();
  for (let sender = 0; sender < 30; sender++) members.add(await mesh().send("pool", "1"));
  assert.equal(members.size, 2);
});

test("NatsMesh reaches a member by its id", options, async (context) => {
  const { mesh, wire } = await open(context);
  await mesh().serve("pool", () => "first");
  const foreign = await wire();
  const { id } = JSON.parse((await foreign.request("$SRV.PING.pool", "")).text);
  await mesh().serve("pool", () => "second");
  for (let sender = 0; sender < 10; sender++) assert.equal(await mesh().send(`pool@${id}`, "1"), "first");
  await assert.rejects(mesh({ patienceMs: 100 }).send("pool@none", "1"), { code: "PEER_MISSING" });
});

test("NatsMesh loses nothing when a member leaves and another takes over", options, async (context) => {
  const { mesh } = await open(context);
  const run: Payload[] = [];
  const handler: Handler = async ({ message }) => {
    run.push(message);
    await new Promise(setImmediate);
    return message;
  };
  const first = await mesh().serve("pool", handler);
  const acks: Payload[] = [];
  for await (const ack of mesh().stream("pool", numbers(2_000))) {
    acks.push(ack);
    if (acks.length !== 500) continue;
    await mesh().serve("pool", handler);
    void first.close();
  }
  assert.deepEqual(acks, numbers(2_000));
  assert.deepEqual(run, numbers(2_000));
});

test("NatsMesh takes each session back to its own member", options, async (context) => {
  const { current, server, mesh } = await open(context);
  const gates = new Map<string, Gate>();
  const members = new Map<string, NatsMesh>();
  for (const member of ["first", "second"]) {
    const gate = new Gate();
    const far = mesh();
    gates.set(member, gate);
    members.set(member, far);
    await far.serve("pool", async ({ message }) => {
      if (message === "wait") {
        gate.arrive();
        await gate.open;
      }
      return member;
    });
  }
  const near = mesh();
  const lanes = new Map<Payload, string>();
  for (let lane = 0; lanes.size < 2; lane++) {
    const options = { lane: String(lane) };
    lanes.set(await near.send("pool", "1", options), options.lane);
  }
  const waiting = [...lanes].map(([, lane]) => near.send("pool", "wait", { lane }));
  await Promise.all([...gates.values()].map((gate) => gate.arrivals(1)));
  await current.server.kill();
  current.server = await restart(server);
  for (const gate of gates.values()) gate.release();
  assert.deepEqual(await Promise.all(waiting), [...lanes.keys()]);
  // One member leaves: its session goes on with the other, whose own session is not disturbed.
  await members.get("first")?.close();
  for (const lane of lanes.values()) assert.equal(await near.send("pool", "1", { lane }), "second");
});

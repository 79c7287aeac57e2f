import assert from "node:assert/strict";
import { test } from "node:test";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { cases } from "../long.js";
import { clusterOf, startCluster } from "./nats-cluster.js";
import { type NatsServer, skipWithoutNats, startNats } from "./nats-server.js";

/** Messages of the stream; the servers are killed along it. */
const COUNT = cases(30_000, 300_000);

const skip = skipWithoutNats;

test("NatsMesh goes on when a cluster of three loses one", { skip, timeout: 120_000 }, async (context) => {
  const servers = await startCluster();
  context.after(() => Promise.all(servers.map((server) => server.kill())));
  const [one, two, three] = servers;
  assert.ok(one && two && three);
  // Each knows another server first, so that either end may lose the one that it is connected to.
  const far = new NatsMesh({ url: `${one.url},${two.url},${three.url}` });
  const near = new NatsMesh({ url: `${two.url},${three.url},${one.url}` });
  context.after(() => Promise.all([near.close(), far.close()]));
  let ran = 0;
  await far.serve("echo", async ({ message }) => {
    assert.equal(message, String(ran++), "run once, and in order");
    if (ran % 11 === 0) await new Promise(setImmediate);
    return message;
  });
  let acked = 0;
  for await (const ack of near.stream("echo", numbers())) {
    assert.equal<Payload>(ack, String(acked++));
    if (acked === COUNT / 3) await one.kill();
    if (acked === (COUNT / 3) * 2) await rejoin(servers, 0);
    if (acked === (COUNT / 3) * 2 + 1_000) await two.kill();
  }
  assert.deepEqual([ran, acked], [COUNT, COUNT]);
});

function* numbers(): Generator<string> {
  for (let index = 0; index < COUNT; index++) yield String(index);
}

/** Starts a killed server again where it was. */
async function rejoin(servers: NatsServer[], index: number): Promise<void> {
  const others = servers.filter((_, other) => other !== index);
  const port = servers[index]?.port ?? 0;
  servers[index] = await startNats({ port, config: clusterOf(others) });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DurableEvents } from "../../src/mesh/durable.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { turns } from "../contract/waiting.js";
import { cases } from "../long.js";
import { temporaryFolder } from "../temporary-folder.js";
import { DurableEar, DurableRig } from "./durable-rig.js";
import { clusterOf } from "./nats-cluster.js";
import { keepingBelow, type NatsServer, skipWithoutNats, startNats } from "./nats-server.js";

const skip = skipWithoutNats;

/** Events of the stream, 1 000 a second. */
const COUNT = cases(4_000, 30_000);
const RATE = 10;

/** Every so manieth is published twice. */
const AGAIN = 50;

/** Publishes so many a tick, and resolves when all are stored; `tell` hears how many were begun. */
async function publish(
  durable: DurableEvents,
  count: number,
  tell: (begun: number) => void,
): Promise<number> {
  let duplicates = 0;
  const published: Promise<void>[] = [];
  for (let begun = 0; begun < count; ) {
    for (let one = 0; one < RATE; one++, begun++) {
      // Some publish again because they do not know whether they did.
      for (let time = 0; time < (begun % AGAIN === 0 ? 2 : 1); time++) {
        const stored = durable.publish(`load.${begun % 7}`, begun, { id: `event-${begun}` });
        published.push(stored.then(({ isDuplicate }) => void (isDuplicate && duplicates++)));
      }
    }
    tell(begun);
    await new Promise((resolve) => setTimeout(resolve, RATE));
  }
  await Promise.all(published);
  return duplicates;
}

test("Durable events outlive a server that is killed under 1 000 a second", {
  skip,
  timeout: 120_000,
}, async (context) => {
  const rig = await DurableRig.open(context);
  const handled = new Map<number, number>();
  const sequences = new Set<number>();
  const ear = await DurableEar.open(rig.mesh(), "load.*", {
    name: "load",
    concurrency: 16,
    does: async ({ data, sequence, id }) => {
      assert.equal(id, `event-${data}`);
      await new Promise(setImmediate);
      sequences.add(sequence);
      handled.set(Number(data), (handled.get(Number(data)) ?? 0) + 1);
    },
  });
  let restarting = Promise.resolve();
  const tell = (begun: number) => {
    if (begun % 1_500 === 0) restarting = restarting.then(() => rig.restart());
  };
  const { durable } = rig.mesh();
  const duplicates = await publish(durable, COUNT, tell);
  await restarting;
  await ear.when(() => handled.size === COUNT);
  await ear.consumer.drain();
  // The server drops by its id what it had stored before it was killed; what it handed out again is known by its number.
  assert.equal(sequences.size, COUNT, "each is stored once");
  assert.ok(duplicates >= COUNT / AGAIN, `${duplicates} duplicates`);
  assert.deepEqual(
    [...handled].filter(([, times]) => times !== 1),
    [],
    "each is handled once while this process lives",
  );
  assert.deepEqual(ear.dead, []);
  const [stream] = await durable.report();
  assert.equal(stream?.events, COUNT);
  context.diagnostic(
    `${COUNT} events, ${duplicates} dropped by the server, ${ear.consumer.counts.duplicates} handed out again`,
  );
});

test("Durable events of three servers outlive the loss of one", {
  skip,
  timeout: 120_000,
}, async (context) => {
  const servers: NatsServer[] = [];
  context.after(() => Promise.all(servers.map((server) => server.kill())));
  const configs = [1, 2, 3].map((number) => `server_name: s${number}\n${keepingBelow(temporaryFolder())}`);
  // Each has to know from the beginning how many they are: of those that come later it has addresses that nobody has.
  const later = [1, 2].map((clusterPort) => ({ clusterPort }));
  for (const config of configs)
    servers.push(await startNats({ config: config + clusterOf([...servers, ...later].slice(0, 2)) }));
  const urls = servers.map(({ url }) => url);
  const far = new NatsMesh({ url: urls.join(",") });
  const near = new NatsMesh({ url: urls.toReversed().join(",") });
  context.after(() => Promise.all([near.close(), far.close()]));
  const handled = new Set<number>();
  const listen = () =>
    DurableEar.open(far, "load.*", {
      name: "load",
      keeping: { replicas: 3 },
      does: ({ data }) => void handled.add(Number(data)),
    });
  let ear: DurableEar | undefined;
  while (ear === undefined) {
    // Three that have just started may not have met yet.
    ear = await listen().catch((error: Error) => {
      assert.match(error.message, /no suitable peers/);
      return turns().then(() => undefined);
    });
  }
  const count = cases(500, 5_000);
  let killed: Promise<void> | undefined;
  await publish(near.durable, count, (begun) => {
    if (begun >= count / 2) killed ??= servers[0]?.kill();
  });
  await ear.when(() => handled.size === count);
  await killed;
  const [stream] = await near.durable.report();
  assert.equal(stream?.events, count);
});

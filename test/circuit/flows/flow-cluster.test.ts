import assert from "node:assert/strict";
import { test } from "node:test";
import { flowCluster } from "../../../src/circuit/flows/flow-cluster.js";
import { headerOf, originOf } from "../../../src/circuit/flows/item-header.js";
import type { Origin } from "../../../src/flow/cluster/durable-queue.js";
import { durableQueueContract } from "../../contract/durable-queue.js";
import { leasesContract } from "../../contract/key-bucket.js";
import { DurableRig } from "../../mesh/durable-rig.js";
import { skipWithoutNats } from "../../mesh/nats-server.js";

const skip = skipWithoutNats;

durableQueueContract(
  "JetStream",
  async (context) => flowCluster((await DurableRig.open(context)).mesh()).queues,
  {
    skip,
  },
);

leasesContract(
  "NATS",
  async (context) => {
    const mesh = (await DurableRig.open(context)).mesh();
    await mesh.open();
    return flowCluster(mesh).leases;
  },
  { skip },
);

const ORIGINS: readonly (readonly [header: string, origin: Origin])[] = [
  [
    "desk m numbers 0 0 -",
    { flow: "desk", manager: "m", source: "numbers", tick: 0, revision: 0, sequence: undefined },
  ],
  [
    "my=20desk =5Fm =2E 12 345 6789",
    { flow: "my desk", manager: "_m", source: ".", tick: 12, revision: 345, sequence: 6_789 },
  ],
];

for (const [header, origin] of ORIGINS) {
  test(`headerOf() writes ${header}`, () => assert.equal(headerOf(origin), header));
  test(`originOf() reads ${header}`, () => assert.deepEqual(originOf(header), origin));
  test(`originOf() refuses every beginning of ${header}`, () => {
    const words = header.split(" ");
    for (let count = 0; count < words.length; count++)
      assert.equal(originOf(words.slice(0, count).join(" ")), undefined);
  });
}

for (const header of [
  "",
  "desk m numbers 0 0 x",
  "desk m =41 0 0 -",
  "desk m numbers -1 0 -",
  "a b c 1 2 3 4",
])
  test(`originOf() refuses "${header}"`, () => assert.equal(originOf(header), undefined));

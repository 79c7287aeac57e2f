import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulation, type Work } from "./simulation.js";

/** Time in which word of a thousand nodes has reached every process, and they have talked, in milliseconds. */
const SETTLED_MS = 1_000;

interface Measured {
  readonly processes: number;
  readonly settled: Work;
  readonly cut: Work;
  readonly replaced: Work;
}

/** What it takes to start so many nodes, to replace a link, and to replace a node. */
async function measure(count: number): Promise<Measured> {
  const simulation = new Simulation();
  const { work, processes, clock } = simulation;
  await simulation.start(count);
  await simulation.talk();
  await simulation.pass(100);
  assert.ok(clock.now() <= SETTLED_MS, `${count} nodes have settled after ${clock.now()} ms`);
  for (const { discovery } of processes) assert.equal(discovery.table.nodes.length, count);
  const settled = { ...work };
  const cut = await workOf(work, () => simulation.cut(7));
  const replaced = await workOf(work, () => simulation.replace(11));
  await simulation.talk();
  simulation.close();
  return { processes: processes.length, settled, cut, replaced };
}

async function workOf(work: Work, act: () => Promise<void>): Promise<Work> {
  const before = { ...work };
  await act();
  return {
    timers: work.timers - before.timers,
    calls: work.calls - before.calls,
    sightings: work.sightings - before.sightings,
    changes: work.changes - before.changes,
    dials: work.dials - before.dials,
    frames: work.frames - before.frames,
    bytes: work.bytes - before.bytes,
  };
}

describe("1 000 nodes", { timeout: 120_000 }, () => {
  test("settle, and what a link or a node costs does not grow with them", async (context) => {
    const [few, many] = [await measure(100), await measure(1_000)];
    for (const [count, { settled, processes }] of [
      [100, few],
      [1_000, many],
    ] as const) {
      // Each process hears of each node once, and each node has one link to another.
      assert.deepEqual([settled.sightings, settled.changes], [count * processes, count * processes]);
      assert.equal(settled.dials, count);
      // Hello, welcome and message; the welcome and the ack go the other way.
      assert.ok(settled.frames <= 3 * count, `${settled.frames} frames`);
    }
    assert.deepEqual(many.cut, few.cut, "a link that is replaced");
    assert.deepEqual([many.cut.sightings, many.cut.dials], [0, 1]);
    // Every process hears that the old one has gone and the new one has come, and for each that is all.
    for (const { replaced, processes } of [few, many]) {
      assert.deepEqual([replaced.sightings, replaced.changes], [2 * processes, 2 * processes]);
    }
    const { sightings: _, changes: __, ...fewRest } = few.replaced;
    const { sightings: ___, changes: ____, ...manyRest } = many.replaced;
    assert.deepEqual(manyRest, fewRest, "a node that is replaced");
    context.diagnostic(`a link: ${JSON.stringify(many.cut)}; a node: ${JSON.stringify(many.replaced)}`);
  });
});

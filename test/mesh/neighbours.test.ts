import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { Neighbours } from "../../src/mesh/hub/neighbours.js";

test("A neighbour that speaks only the plain protocol is asked again after 30 s", async () => {
  const clock = new ManualClock();
  const metAtMs: number[] = [];
  const neighbours = new Neighbours({
    clock,
    limitMs: 5_000,
    meet: (_target, meeting) => {
      metAtMs.push(clock.now());
      meeting.over(true);
    },
  });
  neighbours.add("lamp");
  await neighbours.settle();
  clock.advance(65_000);
  assert.deepEqual(metAtMs, [0, 30_000, 60_000]);
  neighbours.close();
  assert.equal(clock.pending, 0);
});

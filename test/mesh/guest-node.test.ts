import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { GuestNode } from "../../src/mesh/guests/guest-node.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";

/** A page's link is open or cut when its node is closed: no wait may keep the process from ending. */
for (const isCut of [false, true]) {
  test(`A node that is closed with its link ${isCut ? "cut" : "open"} waits for nobody`, () => {
    const clock = new ManualClock();
    let gone = 0;
    const guest = new GuestNode({
      ...{ name: "phone", boot: "p1", clock, limits: DEFAULT_LIMITS, schedule: queueMicrotask },
      gone: () => gone++,
    });
    const page = guest.join({ headBytes: 0, isFull: false, send: () => {}, close: () => {} });
    guest.served();
    if (isCut) page.ended("cut");
    guest.close();
    assert.equal(clock.pending, 0);
    clock.advance(120_000);
    assert.equal(gone, 0);
  });
}

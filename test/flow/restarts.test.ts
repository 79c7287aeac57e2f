import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { Restarts } from "../../src/flow/restarts.js";

test("Restarts: a setting that is undefined is the default, not no limit", () => {
  const settings: object = { most: undefined, firstMs: undefined };
  const restarts = new Restarts(settings, new ManualClock(), () => 1);
  const waits = Array.from({ length: 6 }, () => restarts.afterFailure(0));
  assert.deepEqual(waits, [100, 200, 400, 800, 1_600, undefined]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../../src/core/backoff.js";

test("backoff() grows each wait by its factor, up to the longest", () => {
  const waits = backoff({ firstMs: 100, longestMs: 500, factor: 2 });
  assert.deepEqual(
    Array.from({ length: 5 }, () => waits.next().value),
    [100, 200, 400, 500, 500],
  );
});

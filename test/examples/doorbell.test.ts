import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const TEST = fileURLToPath(new URL("../../../examples/doorbell/doorbell.test.js", import.meta.url));

test("the doorbell's own test passes, as a newcomer runs it", () => {
  // Without what this runner tells its files, it is a runner of its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--test", "--test-reporter=tap", TEST];
  const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^# pass 2$/m);
});

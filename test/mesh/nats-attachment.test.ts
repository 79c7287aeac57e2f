import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import { Attachment } from "../../src/mesh/nats/attachment.js";
import { Connection } from "../../src/mesh/nats/connection.js";
import { turns } from "../contract/waiting.js";
import { skipWithoutNats, startNats } from "./nats-server.js";

test("Attachment waits longer each time where what it sets up is lost at once", {
  skip: skipWithoutNats,
  timeout: 60_000,
}, async (context) => {
  const server = await startNats();
  const connection = new Connection({
    servers: [server.url],
    credentials: undefined,
    clock: systemClock,
    limits: DEFAULT_LIMITS,
  });
  context.after(async () => {
    await connection.close();
    await server.kill();
  });
  const clock = new ManualClock();
  const failures: string[] = [];
  let times = 0;
  const attachment = new Attachment({
    connection,
    clock,
    attach: async () => void times++,
    failed: ({ code }) => failures.push(code),
  });
  context.after(() => attachment.close());
  attachment.start();
  await attachment.settled;
  assert.equal(times, 1);
  const lost = new TypeError("It is gone");
  for (const waitMs of [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
    const before: number = times;
    attachment.again(lost);
    clock.advance(waitMs - 1);
    await turns();
    assert.equal(times, before, `${waitMs} ms`);
    clock.advance(1);
    await turns();
    assert.equal(times, before + 1, `${waitMs} ms`);
  }
  assert.deepEqual(failures, ["EVENT_UNKEPT"]);
  // What has lasted is set up anew soon, and told of anew.
  clock.advance(10_001);
  attachment.again(lost);
  clock.advance(50);
  await turns();
  assert.equal(times, 11);
  assert.equal(failures.length, 2);
});

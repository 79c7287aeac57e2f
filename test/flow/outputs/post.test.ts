import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type PostOptions, post } from "../../../src/flow/outputs/post.js";
import { turns } from "../../contract/waiting.js";
import { nobody, serveHttp } from "../http-server.js";
import { bench, until } from "../source-context.js";

/** A server with an answer for each try, and what it was sent. */
async function scene(t: TestContext, statuses: readonly number[]) {
  const bodies: string[] = [];
  const keys: unknown[] = [];
  const url = await serveHttp(t, (request, response, body) => {
    keys.push(request.headers["idempotency-key"]);
    response.statusCode = statuses[bodies.push(body) - 1] ?? 0;
    response.end();
  });
  const { context, clock, logged, stop } = bench();
  const send = (item: unknown, options?: PostOptions<unknown>) =>
    Promise.resolve(post(url, { timeoutMs: 3_600_000, ...options })(item, context));
  return { url, bodies, keys, clock, logged, stop, send };
}

test("post() sends an item as JSON, with its key", async (t) => {
  const { bodies, keys, clock, send } = await scene(t, [201]);
  await send({ price: 12 }, { key: () => "tick 7" });
  assert.deepEqual(bodies, ['{"price":12}']);
  assert.deepEqual(keys, ["tick 7"]);
  assert.equal(clock.pending, 0);
});

test("post() tries again what may go well soon, after longer waits", async (t) => {
  const { url, bodies, clock, logged, send } = await scene(t, [500, 429, 200]);
  const sent = send(1);
  for (const [failures, waitMs] of [
    [1, 500],
    [2, 1_000],
  ] as const) {
    await until(() => logged.length === failures, "it says so");
    clock.advance(waitMs - 1);
    await turns();
    assert.equal(bodies.length, failures, "it came too early");
    clock.advance(1);
  }
  await sent;
  assert.equal(logged[0], `Cannot POST ${url}: it answered with status 500; trying again in 500 ms`);
});

test("post() does not try again what the server refuses for good", async (t) => {
  const { url, bodies, send } = await scene(t, [422]);
  await assert.rejects(send(1), {
    code: "PEER_REFUSED",
    message: `Cannot POST ${url}: it answered with status 422`,
  });
  assert.equal(bodies.length, 1);
});

test("post() fails after so many tries", async (t) => {
  const { clock, logged, send } = await scene(t, [500, 502]);
  const sent = send(1, { retries: 1 });
  await until(() => logged.length === 1, "it says so");
  clock.advance(500);
  await assert.rejects(sent, { code: "PEER_REFUSED", message: /status 502$/ });
});

test("post() fails where nobody listens", async () => {
  const url = await nobody();
  const { context } = bench();
  await assert.rejects(Promise.resolve(post(url, { retries: 0 })(1, context)), { code: "PEER_MISSING" });
});

test("post() that is stopped while it waits rejects with the signal's reason", async (t) => {
  const { logged, stop, send } = await scene(t, [500]);
  const sent = send(1);
  await until(() => logged.length === 1, "it says so");
  stop();
  await assert.rejects(sent, { message: "stopped" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { on } from "../../src/events/on.js";
import { Gate } from "../contract/waiting.js";
import { Scene } from "./scene.js";
import { waitingSchema } from "./waiting-schema.js";

test("the patterns of ended observers are forgotten beyond 256, their figures are not", async () => {
  const scene = new Scene();
  for (let n = 0; n < 300; n++) {
    const observer = scene.observers.start(on(`reply.${n}`, () => {}, { count: 1 }));
    await scene.mesh.publish(`reply.${n}`, "");
    await observer.done;
  }
  const counts = scene.observers.counts();
  assert.equal(counts.length, 257);
  assert.equal(
    counts.reduce((sum, { handled }) => sum + handled, 0),
    300,
  );
  assert.equal(counts.at(-1)?.pattern, "");
});

test("close() lets no handler begin whose schema was still deciding", async () => {
  const scene = new Scene();
  const { state, schema } = waitingSchema();
  const observer = scene.observers.start(on("a", () => assert.fail("it is closed"), { schema }));
  await scene.publish("a", 1, 2);
  observer.close();
  state.gate.release();
  await observer.done;
  assert.deepEqual(scene.counts, { handled: 0, failed: 0, dropped: 2 });
});

test("after its count an observer tells of nothing that does not fit", async () => {
  const scene = new Scene();
  const schema = v.pipeAsync(
    v.number(),
    v.checkAsync(async (n) => n < 2),
  );
  const observer = scene.observers.start(on("a", () => {}, { schema, count: 1 }));
  await scene.publish("a", 1, 2, 3);
  await observer.done;
  assert.deepEqual(scene.counts, { handled: 1, failed: 0, dropped: 0 });
});

test("close() hears nothing more, lets what runs finish, and tells what it drops", async () => {
  const scene = new Scene();
  const gate = new Gate();
  const observer = scene.observers.start(on("a", () => gate.open));
  await scene.publish("a", 1, 2, 3);
  observer.close();
  observer.close();
  assert.equal(scene.mesh.publish("a", 4), 0);
  assert.deepEqual(scene.notices, ["desk: on a: 2 events waited and are dropped"]);
  gate.release();
  await observer.done;
  assert.deepEqual(scene.counts, { handled: 1, failed: 0, dropped: 2 });
});

test("its signal ends it; an aborted one does not begin", async () => {
  const scene = new Scene();
  const stop = new AbortController();
  const observer = scene.observers.start(on("a", () => {}, { signal: stop.signal }));
  stop.abort(new Error("enough"));
  await observer.done;
  assert.equal(scene.mesh.publish("a", 1), 0);
  assert.throws(() => scene.observers.start(on("a", () => {}, { signal: stop.signal })), /enough/);
});

test("finish() waits for what runs, then stops it and tells of it", async () => {
  const scene = new Scene();
  const gate = new Gate();
  const signals: AbortSignal[] = [];
  scene.observers.start(on("quick", () => gate.open));
  scene.observers.start(
    on("stuck", (_event, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    }),
  );
  scene.observers.start(on("failing", () => Promise.reject(new Error("as ever")), { retries: 100 }));
  for (const subject of ["quick", "stuck", "failing"]) await scene.publish(subject, 1);
  let isFinished = false;
  const finished = scene.observers.finish(1_000).then(() => {
    isFinished = true;
  });
  gate.release();
  await scene.pass(999);
  assert.equal(isFinished, false);
  assert.equal(signals[0]?.aborted, false);
  await scene.pass(1);
  await finished;
  assert.equal(signals[0]?.reason.code, "NOT_RUN");
  assert.deepEqual(
    scene.observers.counts().map(({ pattern, handled, failed }) => `${pattern} ${handled} ${failed}`),
    ["quick 1 0", "stuck 0 1", "failing 0 1"],
  );
  assert.deepEqual(
    scene.errors.map(({ data }) => Object(data).cause.message),
    [
      "Cannot finish what an event of stuck has begun: the circuit stops, and 1000 ms were not enough",
      "as ever",
    ],
  );
  assert.equal(scene.clock.pending, 0);
});

test("a handler may close its own observer", async () => {
  const scene = new Scene();
  let heard = 0;
  const observer = scene.observers.start(
    on("a", () => {
      heard++;
      observer.close();
    }),
  );
  await scene.publish("a", 1, 2);
  await observer.done;
  assert.equal(heard, 1);
});

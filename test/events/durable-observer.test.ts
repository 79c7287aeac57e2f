import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import * as v from "valibot";
import { CircuitError } from "../../src/core/error.js";
import { type ObserverOptions, on } from "../../src/events/on.js";
import { Gate, turns } from "../contract/waiting.js";
import { FakeDurable } from "./fake-durable.js";
import { Scene } from "./scene.js";

test("durable: where nothing keeps events it is refused, with what to do", () => {
  const scene = new Scene();
  assert.throws(() => scene.observers.start(on("a", () => {}, { durable: "log" })), {
    code: "USAGE",
    message: "Cannot observe a durably: nothing here keeps events",
    hint: /--mesh nats:\/\//,
  });
});

test("durable: what was missed comes later, each acknowledged when it was handled", async () => {
  const durable = new FakeDurable();
  const scene = new Scene({ durable });
  for (const n of [1, 2]) await durable.publish("a", n);
  const heard: unknown[] = [];
  const observer = scene.observers.start(
    on("a", ({ data }, { id, deliveryCount }) => heard.push([data, id, deliveryCount]), {
      durable: "log",
      timeoutMs: 5_000,
      retries: 2,
      concurrency: 7,
    }),
  );
  await scene.observers.ready();
  await turns();
  assert.deepEqual(heard, [
    [1, "s:1", 1],
    [2, "s:2", 1],
  ]);
  assert.deepEqual(durable.acked, [1, 2]);
  const { name, deliveries, handlerMs, concurrency } = durable.options ?? {};
  assert.deepEqual({ name, deliveries, concurrency }, { name: "log", deliveries: 3, concurrency: 7 });
  assert.ok(handlerMs !== undefined && handlerMs > 5_000);
  observer.close();
  await observer.done;
  await durable.publish("a", 3);
  assert.equal(durable.left, 1, "the next of this name hears of it");
});

test("durable: count acknowledges exactly so many, whatever the concurrency", async () => {
  const durable = new FakeDurable();
  const scene = new Scene({ durable });
  for (let n = 0; n < 6; n++) await durable.publish("a", n);
  const heard: unknown[] = [];
  const observer = scene.observers.start(
    on("a", async ({ data }) => heard.push(data), { durable: "log", count: 3, concurrency: 4 }),
  );
  await observer.done;
  assert.deepEqual(heard, [0, 1, 2]);
  assert.equal(durable.left, 3);
  assert.equal(durable.options?.concurrency, 1);
});

test("durable: five tries where nothing else is said, and then a failure", async () => {
  const durable = new FakeDurable();
  const scene = new Scene({ durable });
  const tries: number[] = [];
  scene.observers.start(
    on(
      "a",
      (_event, { deliveryCount }) => {
        tries.push(deliveryCount);
        throw new Error("no");
      },
      { durable: "log" },
    ),
  );
  await durable.publish("a", 1);
  await turns();
  assert.deepEqual(tries, [1, 2, 3, 4, 5]);
  assert.deepEqual(scene.counts, { handled: 0, failed: 1, dropped: 0 });
  assert.equal(Object(scene.errors[0]?.data).attempts, 5);
});

test("durable: what is for nobody is acknowledged, what does not fit goes to the dead at once, untried", async () => {
  const durable = new FakeDurable();
  const scene = new Scene({ durable });
  const heard: unknown[] = [];
  const options = {
    ...{ durable: "log", schema: v.number(), count: 2 },
    filter: ({ data }: { data: number }) => data > 1,
  };
  const observer = scene.observers.start(on("a", ({ data }) => heard.push(data), options));
  for (const data of ["text", 1, 2, 3]) await durable.publish("a", data);
  await observer.done;
  assert.deepEqual(heard, [2, 3], "what does not fit is not counted");
  assert.deepEqual(durable.acked, [2, 3, 4]);
  assert.deepEqual(durable.buried, [1]);
  assert.deepEqual(scene.counts, { handled: 2, failed: 1, dropped: 0 });
  await turns();
  const { attempts, cause } = Object(scene.errors[0]?.data);
  assert.deepEqual([attempts, cause.name, cause.code], [0, "CircuitError", "MESSAGE_INVALID"]);
});

const away = () => {
  throw new Error("the database is away");
};

const UNSAID: readonly (readonly [what: string, options: ObserverOptions])[] = [
  ["a filter that throws", { filter: away }],
  [
    "a schema that rejects",
    {
      schema: v.pipeAsync(
        v.any(),
        v.checkAsync(async () => away()),
      ),
    },
  ],
];

for (const [what, options] of UNSAID) {
  test(`durable: ${what} has said nothing: the event comes again, and is dead at last`, async () => {
    const durable = new FakeDurable();
    const scene = new Scene({ durable });
    scene.observers.start(on("a", () => assert.fail(), { ...options, durable: "log", retries: 2 }));
    await durable.publish("a", 1);
    await turns();
    assert.deepEqual([durable.acked, durable.buried], [[], [1]]);
    assert.equal(Object(scene.errors[0]?.data).attempts, 3);
    assert.match(Object(scene.errors[0]?.data).cause.message, /away/);
  });
}

test("durable: a schema that takes too long has said nothing", async () => {
  const durable = new FakeDurable();
  const scene = new Scene({ durable });
  const never = v.checkAsync(() => new Promise<boolean>(() => {}));
  const options = { durable: "log", retries: 1, timeoutMs: 100, schema: v.pipeAsync(v.any(), never) };
  scene.observers.start(on("a", () => assert.fail(), options));
  await durable.publish("a", 1);
  await turns();
  await scene.pass(100);
  assert.deepEqual(durable.buried, []);
  await scene.pass(100);
  assert.deepEqual(durable.buried, [1]);
});

test("durable: a handler that takes too long rejects its delivery", async () => {
  const durable = new FakeDurable();
  const scene = new Scene({ durable });
  const options = { durable: "log", timeoutMs: 100, retries: 0 };
  scene.observers.start(on("a", () => new Promise(() => {}), options));
  await durable.publish("a", 1);
  await turns();
  await scene.pass(100);
  assert.equal(Object(scene.errors[0]?.data).cause.code, "TIMEOUT");
});

test("durable: who cannot listen is told, and ready() rejects", async () => {
  const durable = new FakeDurable();
  durable.problem = new CircuitError("ACCESS_DENIED", "Cannot listen to a: the server does not let us");
  const scene = new Scene({ durable });
  const observer = scene.observers.start(on("a", () => {}, { durable: "log" }));
  await assert.rejects(scene.observers.ready(), { code: "ACCESS_DENIED" });
  await observer.done;
  assert.deepEqual(scene.notices, ["desk: on a: Cannot listen to a: the server does not let us"]);
});

test("durable: one that could not listen fails ready(), also when it failed before that was asked", async () => {
  const durable = new FakeDurable();
  durable.problem = new CircuitError("ACCESS_DENIED", "Cannot listen to a: the server does not let us");
  const scene = new Scene({ durable });
  const stop = new AbortController();
  scene.observers.start(on("a", () => {}, { durable: "log", signal: stop.signal }));
  await turns();
  await assert.rejects(scene.observers.ready(), { code: "ACCESS_DENIED" });
  assert.equal(getEventListeners(stop.signal, "abort").length, 0);
});

for (const retries of [0, 9]) {
  test(`durable: finish() gives what runs its grace, and hands it back, with ${retries} retries`, async () => {
    const durable = new FakeDurable();
    const scene = new Scene({ durable });
    scene.observers.start(on("a", () => new Promise(() => {}), { durable: "log", retries }));
    await durable.publish("a", 1);
    await turns();
    const finished = scene.observers.finish(1_000);
    await scene.pass(1_000);
    await finished;
    await turns();
    assert.equal(durable.left, 1);
    assert.deepEqual(durable.buried, []);
    assert.deepEqual(scene.counts, { handled: 0, failed: 0, dropped: 0 });
    assert.equal(scene.clock.pending, 0);
  });
}

test("durable: what a closed observer does not take is handed back, without a try", async () => {
  const durable = new FakeDurable();
  const scene = new Scene({ durable });
  const gate = new Gate();
  const slow = v.checkAsync(async () => {
    await gate.open;
    return true;
  });
  const options = { durable: "log", retries: 0, schema: v.pipeAsync(v.any(), slow) };
  const observer = scene.observers.start(on("a", () => assert.fail("it is closed"), options));
  await durable.publish("a", 1);
  await turns();
  observer.close();
  gate.release();
  await observer.done;
  assert.equal(durable.left, 1);
  assert.deepEqual(durable.buried, []);
});

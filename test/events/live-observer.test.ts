import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import type { ObservedEvent, ObserverContext } from "../../src/events/event.js";
import { on } from "../../src/events/on.js";
import { Gate, turns } from "../contract/waiting.js";
import { Scene } from "./scene.js";
import { waitingSchema } from "./waiting-schema.js";

test("an observer hears what its pattern takes in, with headers and the time of day", async () => {
  const scene = new Scene();
  const heard: unknown[] = [];
  const beforeMs = Date.now();
  scene.observers.start(
    on("alarm.*", ({ at, ...event }, { deliveryCount, id }) => {
      assert.ok(at >= beforeMs - 1 && at <= Date.now() + 1, `${at}`);
      heard.push({ ...event, deliveryCount, id });
    }),
  );
  scene.mesh.publish("alarm.fire", { floor: 2 }, { headers: { by: "smoke" } });
  await scene.publish("alarm", "not this");
  assert.deepEqual(heard, [
    { subject: "alarm.fire", data: { floor: 2 }, headers: { by: "smoke" }, deliveryCount: 1, id: undefined },
  ]);
});

test("one at a time, in order, where nothing else is said; a sync handler never waits", async () => {
  const scene = new Scene();
  const gate = new Gate();
  const begun: unknown[] = [];
  scene.observers.start(
    on("a", async ({ data }) => {
      begun.push(data);
      gate.arrive();
      await gate.open;
    }),
  );
  const heard: unknown[] = [];
  scene.observers.start(on("a", ({ data }) => heard.push(data)));
  await scene.publish("a", 1, 2, 3);
  assert.deepEqual(begun, [1]);
  assert.deepEqual(heard, [1, 2, 3]);
  gate.release();
  await turns();
  assert.deepEqual(begun, [1, 2, 3]);
});

test("no more run at the same time than its concurrency", async () => {
  const scene = new Scene();
  const gate = new Gate();
  let running = 0;
  let most = 0;
  const handler = async () => {
    most = Math.max(most, ++running);
    await gate.open;
    running--;
  };
  scene.observers.start(on("a", handler, { concurrency: 3 }));
  await scene.publish("a", ...Array(10).keys());
  assert.equal(running, 3);
  gate.release();
  await turns();
  assert.equal(most, 3);
  assert.deepEqual(scene.counts, { handled: 10, failed: 0, dropped: 0 });
});

for (const concurrency of [1, 4]) {
  test(`count: exactly so many handlers run with a concurrency of ${concurrency}, and then it is done`, async () => {
    const scene = new Scene();
    const heard: unknown[] = [];
    const handler = async ({ data }: ObservedEvent) => {
      heard.push(data);
      await turns();
    };
    const options = { count: 3, concurrency, filter: ({ data }: ObservedEvent) => Number(data) % 2 === 0 };
    const observer = scene.observers.start(on("a", handler, options));
    for (let n = 0; n < 20; n++) scene.mesh.publish("a", n);
    await observer.done;
    assert.deepEqual(heard, [0, 2, 4]);
    assert.equal(scene.mesh.publish("a", 1), 0, "it listens no more");
    assert.deepEqual(scene.counts, { handled: 3, failed: 0, dropped: 0 });
  });
}

test("an observer is done when its last handler has ended, not when that has begun", async () => {
  const scene = new Scene();
  const gate = new Gate();
  let isDone = false;
  const observer = scene.observers.start(on("a", () => gate.open, { count: 1 }));
  void observer.done.then(() => {
    isDone = true;
  });
  await scene.publish("a", 1, 2);
  assert.equal(isDone, false);
  gate.release();
  await turns();
  assert.equal(isDone, true);
  assert.deepEqual(scene.counts, { handled: 1, failed: 0, dropped: 0 });
});

test("count holds with a schema that takes its time", async () => {
  const scene = new Scene();
  const schema = v.pipeAsync(
    v.number(),
    v.checkAsync(async (n) => n > 1, "must be more than 1"),
  );
  const heard: unknown[] = [];
  const handler = ({ data }: ObservedEvent) => heard.push(data);
  const observer = scene.observers.start(on("a", handler, { schema, count: 2, concurrency: 4 }));
  await scene.publish("a", 1, 2, 3, 4, 5);
  await observer.done;
  assert.deepEqual(heard, [2, 3]);
  assert.equal(scene.errors.length, 1);
});

test("an event that a filter does not want is nobody's; one whose filter throws is a failure", async () => {
  const scene = new Scene();
  const heard: unknown[] = [];
  const filter = ({ data }: ObservedEvent) => {
    if (data === 3) throw new Error("three is too many");
    return data === 2;
  };
  scene.observers.start(on("a", ({ data }) => heard.push(data), { filter, retries: 1 }));
  await scene.publish("a", 1, 2, 3);
  assert.deepEqual(heard, [2]);
  await scene.pass(50);
  assert.deepEqual(scene.counts, { handled: 1, failed: 1, dropped: 0 });
  assert.match(JSON.stringify(scene.errors[0]?.data), /"attempts":2,.*three is too many/);
});

test("what a filter could not say once it may say another time, and then it counts", async () => {
  const scene = new Scene();
  const heard: unknown[] = [];
  let asked = 0;
  const filter = () => {
    if (++asked === 1) throw new Error("not yet");
    return true;
  };
  const handler = ({ data }: ObservedEvent, { deliveryCount }: ObserverContext) =>
    heard.push([data, deliveryCount]);
  const observer = scene.observers.start(on("a", handler, { filter, retries: 1, count: 1 }));
  await scene.publish("a", 1);
  await scene.pass(50);
  await observer.done;
  assert.deepEqual(heard, [[1, 2]]);
  assert.deepEqual(scene.counts, { handled: 1, failed: 0, dropped: 0 });
});

test("a filter that gives a Promise lets nothing through", async () => {
  const scene = new Scene();
  let heard = 0;
  // The cast: the compiler would refuse it.
  const filter = (async () => false) as unknown as () => boolean;
  scene.observers.start(on("a", () => heard++, { filter }));
  await scene.publish("a", 1);
  assert.equal(heard, 0);
  assert.equal(Object(scene.errors[0]?.data).cause.code, "USAGE");
});

test("data that does not fit its schema never reaches the handler, and is not tried again", async () => {
  const scene = new Scene();
  const heard: unknown[] = [];
  const schema = v.object({ load: v.pipe(v.number(), v.maxValue(1)) });
  scene.observers.start(on("load", ({ data }) => heard.push(data.load), { schema, retries: 3 }));
  scene.mesh.publish("load", { load: 0.5, host: "desk" });
  scene.mesh.publish("load", { load: 2 });
  scene.mesh.publish("load", "much");
  await turns();
  assert.deepEqual(heard, [0.5]);
  assert.equal(scene.errors.length, 2);
  const [first] = scene.errors;
  assert.equal(first?.subject, "circuit.errors.desk");
  const { at, cause, ...others } = Object(first?.data);
  assert.deepEqual(others, {
    ...{ node: "desk", observer: "load", subject: "load", data: { load: 2 }, attempts: 0, headers: {} },
  });
  assert.equal(typeof at, "number");
  assert.equal(cause.code, "MESSAGE_INVALID");
  assert.match(cause.message, /^Cannot take the data of load: load: Invalid value/);
});

test("a handler's context publishes, and has no more than it says", async () => {
  const scene = new Scene();
  const heard: unknown[] = [];
  scene.mesh.subscribe("b", ({ data, headers }) => heard.push([data, headers]));
  scene.observers.start(
    on("a", ({ data }, context) => {
      heard.push(Object.keys(context));
      context.publish("b", data, { headers: { by: "a" } });
    }),
  );
  await scene.publish("a", 1);
  assert.deepEqual(heard, [
    ["signal", "deliveryCount", "id", "publish"],
    [1, { by: "a" }],
  ]);
});

test("events that no handler has time for are dropped, counted, and told of once a burst", async () => {
  const scene = new Scene();
  const gates = [new Gate(), new Gate()];
  let turn = 0;
  scene.observers.start(on("a", () => gates[turn]?.open));
  await scene.publish("a", ...Array(4_100).keys());
  assert.equal(scene.counts?.dropped, 3, "one runs and 4 096 wait");
  gates[0]?.release();
  await turns();
  assert.deepEqual(scene.counts, { handled: 4_097, failed: 0, dropped: 3 });
  turn = 1;
  await scene.publish("a", ...Array(4_098).keys());
  assert.equal(scene.counts?.dropped, 4);
  const first = "desk: on a: 4096 events wait for the handler, and what comes is dropped";
  assert.deepEqual(scene.notices, [first, "desk: on a: 2 more were dropped", first]);
  await scene.publish("a", 1, 2, 3, 4);
  await scene.pass(10_000);
  assert.deepEqual(scene.notices.slice(3), ["desk: on a: 4 more were dropped"], "while it goes on");
  gates[1]?.release();
  await turns();
  assert.equal(scene.clock.pending, 0);
});

test("what is for nobody takes no place, however many wait", async () => {
  const scene = new Scene();
  const gate = new Gate();
  const filter = ({ data }: ObservedEvent) => typeof data === "number";
  scene.observers.start(on("a", () => gate.open, { filter }));
  await scene.publish("a", ...Array(4_097).keys());
  await scene.publish("a", "not this");
  assert.equal(scene.counts?.dropped, 0);
  gate.release();
});

test("a schema that takes its time runs as often at the same time as the handler may", async () => {
  const scene = new Scene();
  const { state, schema } = waitingSchema();
  const heard: unknown[] = [];
  scene.observers.start(on("a", ({ data }) => heard.push(data), { schema, concurrency: 2 }));
  await scene.publish("a", ...Array(50).keys());
  assert.equal(state.waiting, 2);
  assert.equal(scene.clock.pending, 2, "a limit each");
  state.gate.release();
  await turns();
  assert.deepEqual(heard, [...Array(50).keys()]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { CircuitError } from "../../src/core/error.js";
import type { ObservedEvent, ObserverContext } from "../../src/events/event.js";
import { on } from "../../src/events/on.js";
import { turns } from "../contract/waiting.js";
import { Scene } from "./scene.js";

test("a handler that throws is tried again after a while, and only then given up", async () => {
  const scene = new Scene();
  const tries: number[] = [];
  const handler = (_event: ObservedEvent, { deliveryCount }: ObserverContext) => {
    tries.push(deliveryCount);
    throw new CircuitError("FILE_FAILED", "Cannot write the log: the disk is full");
  };
  scene.observers.start(on("log", handler, { retries: 2 }));
  scene.mesh.publish("log", "line", {
    headers: { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` },
  });
  await turns();
  assert.deepEqual(tries, [1]);
  await scene.pass(50);
  assert.deepEqual(tries, [1, 2]);
  await scene.pass(99);
  assert.deepEqual(tries, [1, 2]);
  assert.equal(scene.errors.length, 0);
  await scene.pass(1);
  assert.deepEqual(tries, [1, 2, 3]);
  const [error] = scene.errors;
  const { attempts, cause, trace, data } = Object(error?.data);
  assert.deepEqual(
    { attempts, data, code: cause.code, name: cause.name },
    {
      ...{ attempts: 3, data: "line", code: "FILE_FAILED", name: "CircuitError" },
    },
  );
  assert.match(cause.stack, /live-observer/);
  assert.equal(trace, error?.headers.traceparent);
  assert.equal(trace, `00-${"a".repeat(32)}-${"b".repeat(16)}-01`);
  assert.deepEqual(scene.notices, ["desk: on log (log): Cannot write the log: the disk is full"]);
  assert.deepEqual(scene.counts, { handled: 0, failed: 1, dropped: 0 });
});

test("a retry that succeeds is no failure", async () => {
  const scene = new Scene();
  const handler = async (_event: ObservedEvent, { deliveryCount }: ObserverContext) => {
    if (deliveryCount < 3) throw new Error("not yet");
  };
  scene.observers.start(on("a", handler, { retries: 4 }));
  await scene.publish("a", 1);
  await scene.pass(50);
  await scene.pass(100);
  assert.deepEqual(scene.counts, { handled: 1, failed: 0, dropped: 0 });
  assert.deepEqual(scene.errors, []);
  assert.equal(scene.clock.pending, 0);
});

test("a handler that takes too long is told by its signal, and the next event has its turn", async () => {
  const scene = new Scene();
  const signals: AbortSignal[] = [];
  const handler = ({ data }: ObservedEvent, { signal }: ObserverContext) => {
    signals.push(signal);
    return data === 1 ? new Promise(() => {}) : undefined;
  };
  scene.observers.start(on("a", handler, { timeoutMs: 500 }));
  await scene.publish("a", 1, 2);
  assert.equal(signals.length, 1);
  await scene.pass(499);
  assert.equal(signals[0]?.aborted, false);
  await scene.pass(1);
  assert.equal(signals[0]?.reason.code, "TIMEOUT");
  assert.equal(signals[1]?.aborted, false);
  assert.equal(Object(scene.errors[0]?.data).cause.code, "TIMEOUT");
  assert.deepEqual(scene.counts, { handled: 1, failed: 1, dropped: 0 });
});

test("one observer's failure never reaches another", async () => {
  const scene = new Scene();
  const heard: unknown[] = [];
  scene.observers.start(
    on("a", () => {
      throw Object.create(null);
    }),
  );
  scene.observers.start(on("a", ({ data }) => heard.push(data)));
  await scene.publish("a", 1, 2);
  assert.deepEqual(heard, [1, 2]);
  assert.equal(scene.errors.length, 2);
});

test("an error in who observes errors is told and not published", async () => {
  const scene = new Scene({ node: "attic" });
  scene.observers.start(
    on("circuit.errors.>", () => {
      throw new Error("again");
    }),
  );
  scene.observers.start(
    on("a", () => {
      throw new Error("first");
    }),
  );
  await scene.publish("a", 1);
  assert.equal(scene.errors.length, 1);
  assert.match(
    scene.notices.join("\n"),
    /attic: on circuit\.errors\.attic \(circuit\.errors\.>\): Error: again/,
  );
});

test("a node's name is one word of its errors' subject", async () => {
  const scene = new Scene({ node: "bench.lan 2" });
  scene.observers.start(
    on("a", () => {
      throw new Error("no");
    }),
  );
  await scene.publish("a", 1);
  assert.equal(scene.errors[0]?.subject, "circuit.errors.bench=2Elan=202");
});

test("of a burst of failures the first is told, and then a number; 100 are published in a second", async () => {
  const scene = new Scene();
  const observer = scene.observers.start(
    on("a", ({ data }) => {
      throw new CircuitError("FILE_FAILED", `Cannot take ${data}: the disk is full`);
    }),
  );
  await scene.publish("a", ...Array(150).keys());
  assert.equal(scene.errors.length, 100);
  assert.deepEqual(scene.notices, ["desk: on a (a): Cannot take 0: the disk is full"]);
  await scene.pass(1_000);
  assert.deepEqual(scene.notices.slice(1), ["desk: on a: 149 more failed"]);
  await scene.publish("a", 150, 151);
  assert.equal(scene.errors.length, 102);
  assert.deepEqual(
    scene.errors.slice(99).map(({ data }) => Object(data).unreported),
    [undefined, 50, undefined],
  );
  observer.close();
  await observer.done;
  assert.deepEqual(scene.notices.slice(2), [
    "desk: on a (a): Cannot take 150: the disk is full",
    "desk: on a: 1 more failed",
  ]);
  assert.equal(scene.clock.pending, 0);
  assert.equal(scene.counts?.failed, 152);
});

test("nothing that a stranger has sent commands a terminal, or looks like a line of ours", async () => {
  const scene = new Scene();
  scene.observers.start(
    on("a", ({ data }) => {
      throw new Error(`\u001b[2J${data}`);
    }),
  );
  await scene.publish("a", `\ncircuit: all is well${"x".repeat(60_000)}`);
  const [told = ""] = scene.notices;
  assert.match(told, /^desk: on a \(a\): Error: \u{fffd}\[2J\n {2}circuit: all is well/u);
  assert.ok(told.length < 4_300, `${told.length}`);
});

test("what is told of a failure is bounded, whatever the event and the error were", async () => {
  const scene = new Scene();
  scene.observers.start(
    on("a", () => {
      throw Object.assign(new Error("\u0001".repeat(50_000)), { code: "\u0001".repeat(50_000) });
    }),
  );
  const headers = { long: "x".repeat(8_000) };
  for (const data of ["\u0001".repeat(10_900), new Uint8Array(65_000), Array(6_000).fill("\u0001")]) {
    scene.mesh.publish("a", data, { headers });
  }
  await turns();
  const told = scene.errors.map(({ data }) => Object(data));
  assert.deepEqual(
    told.map(({ encoding, cutFromCharacters }) => ({ encoding, cutFromCharacters })),
    [
      { encoding: undefined, cutFromCharacters: 10_900 },
      { encoding: "base64", cutFromCharacters: 86_668 },
      { encoding: "json", cutFromCharacters: 54_001 },
    ],
  );
  for (const { data } of told) assert.equal(data.length, 4_096);
});

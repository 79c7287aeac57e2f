import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { CircuitError } from "../../src/core/error.js";
import type { ObservedEvent, ObserverContext } from "../../src/events/event.js";
import { on } from "../../src/events/on.js";
import { Gate, turns } from "../contract/waiting.js";
import { Scene } from "./scene.js";

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

/** A schema that waits, and how many wait in it. */
function waitingSchema() {
  const gate = new Gate();
  const state = { gate, waiting: 0 };
  const schema = v.pipeAsync(
    v.number(),
    v.checkAsync(async () => {
      state.waiting++;
      await gate.open;
      return true;
    }),
  );
  return { state, schema };
}

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

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { linesOf, parseJson, parseText, repeated } from "../../src/circuit/batches.js";
import { findBroker } from "../../src/circuit/broker.js";
import { commandEnvironment } from "../../src/circuit/command-environment.js";
import { answerOf, type EventEngine } from "../../src/circuit/event-engine.js";
import { Hearing, type HearingOptions } from "../../src/circuit/listen.js";
import { Outgoing, sendAgain } from "../../src/circuit/send.js";
import { systemClock } from "../../src/core/clock.js";
import { CircuitError } from "../../src/core/error.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Mesh } from "../../src/mesh/mesh.js";
import { KeptEvents, keeping } from "./kept-events.js";

function engineOf(context: TestContext, over: (mesh: Mesh) => Mesh = (mesh) => mesh): EventEngine {
  const mesh = over(new MemoryMesh());
  context.after(() => mesh.close());
  return {
    ...{ kind: "ws", where: "this process", mesh, clock: systemClock, losses: 0, problem: undefined },
    ...{ nodes: () => [], refused: new AbortController().signal, close: () => mesh.close() },
  };
}

function hearingOf(
  engine: EventEngine,
  handle: HearingOptions["handle"],
  changed: Partial<HearingOptions> = {},
) {
  const failures: unknown[] = [];
  const hearing = new Hearing({
    ...{ engine, handle, patterns: ["a.>"], parallel: 1, signal: new AbortController().signal },
    failed: (error) => failures.push(error),
    notice: () => {},
    ...changed,
  });
  return { hearing, failures };
}

const KEPT = { name: "me", handlerMs: 1_000 };

function outgoingOf(engine: EventEngine, isDurable = false) {
  const signal = new AbortController().signal;
  return new Outgoing({ engine, subject: "a.b", headers: {}, isDurable, signal });
}

test("Hearing acknowledges a durable event when its handler has succeeded", async (context) => {
  const kept = new KeptEvents();
  const engine = engineOf(context, (mesh) => keeping(mesh, kept));
  const outgoing = outgoingOf(engine, true);
  await outgoing.send(repeated("x", 3));
  assert.deepEqual(outgoing.sent.stored, { stream: "kept", sequence: 3, isDuplicate: false });
  const tries: string[] = [];
  const { hearing, failures } = hearingOf(
    engine,
    async ({ kept: of }) => {
      tries.push(`${of?.sequence}/${of?.deliveryCount}`);
      if (tries.length === 1) throw new Error("not yet");
    },
    { durable: KEPT, count: 2 },
  );
  await hearing.start();
  await hearing.untilDone();
  assert.deepEqual(tries, ["1/1", "1/2", "2/1"]);
  assert.deepEqual([...kept.acknowledged], [1, 2]);
  assert.equal(failures.length, 1);
  assert.equal(hearing.counts.failed, 0);
});

test("Hearing tells of what is given up, which can be returned", async (context) => {
  const kept = new KeptEvents();
  const engine = engineOf(context, (mesh) => keeping(mesh, kept));
  await outgoingOf(engine, true).send(repeated("x", 1));
  const stop = new AbortController();
  const { hearing, failures } = hearingOf(
    engine,
    async () => {
      throw new Error("never");
    },
    { durable: { ...KEPT, deliveries: 1 }, signal: stop.signal, notice: (text) => stop.abort(text) },
  );
  await hearing.start();
  await assert.rejects(hearing.untilDone(), (reason) => /given up/.test(String(reason)));
  assert.equal(hearing.counts.failed, 1);
  assert.equal(failures.length, 1);
  await sendAgain(engine, 1);
  await assert.rejects(sendAgain(engine, 2), { code: "EVENT_UNKEPT" });
});

test("Hearing drops what comes beyond 1024 that wait, and finishes what runs", async (context) => {
  const engine = engineOf(context);
  const stop = new AbortController();
  const notices: string[] = [];
  let release = () => {};
  const { hearing } = hearingOf(
    engine,
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    { signal: stop.signal, notice: (text) => notices.push(text) },
  );
  await hearing.start();
  await outgoingOf(engine).send(repeated("x", 1_030));
  assert.equal(hearing.counts.dropped, 5);
  assert.equal(notices.length, 1);
  stop.abort(new Error("stopped"));
  const done = hearing.untilDone();
  release();
  await assert.rejects(done, /stopped/);
  assert.equal(hearing.counts.handled, 1);
  assert.equal(notices.at(-1), "Dropped 5 events, which nobody has seen");
});

test("Hearing hands back what is beyond its count, or comes at its end, without a try", async (context) => {
  const kept = new KeptEvents();
  const engine = engineOf(context, (mesh) => keeping(mesh, kept));
  await outgoingOf(engine, true).send(repeated("x", 3));
  const since = Date.now();
  const handled: (number | undefined)[] = [];
  const { hearing, failures } = hearingOf(
    engine,
    async ({ kept: of, atMs }) => {
      assert.ok(Math.abs(atMs - since) < 60_000, `${atMs}`);
      if (handled.push(of?.sequence) === 1) throw new Error("not yet");
      await new Promise((resolve) => setImmediate(resolve));
    },
    { durable: { ...KEPT, deliveries: 1 }, count: 1, parallel: 3 },
  );
  await hearing.start();
  await hearing.untilDone();
  assert.deepEqual(handled, [1, 2]);
  assert.deepEqual([...kept.acknowledged], [2]);
  assert.deepEqual(kept.handedBack, [3]);
  assert.equal(failures.length, 1);
});

test("Hearing in a queue leaves out none of its patterns", async (context) => {
  const engine = engineOf(context);
  const heard: unknown[] = [];
  const { hearing } = hearingOf(engine, ({ data }) => void heard.push(data), {
    patterns: ["a.*", "a.b"],
    queue: "q",
    count: 4,
  });
  await hearing.start();
  await outgoingOf(engine).send(linesOf(chunks("1\n2\n3\n4\n"), parseText));
  await hearing.untilDone();
  assert.deepEqual(heard, ["1", "2", "3", "4"]);
});

test("Hearing waits for silence when nothing is being handled", async (context) => {
  const clock = new ManualClock();
  const engine = { ...engineOf(context), clock };
  let release = () => {};
  const { hearing } = hearingOf(engine, () => new Promise<void>((resolve) => (release = resolve)), {
    silenceMs: 100,
  });
  await hearing.start();
  await outgoingOf({ ...engine, clock: systemClock }).send(repeated("x", 1));
  clock.advance(1_000);
  release();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(hearing.counts.handled, 1);
  const done = assert.rejects(hearing.untilDone(), { code: "TIMEOUT" });
  clock.advance(100);
  await done;
});

test("Outgoing waits for a server that has not taken enough yet", async (context) => {
  const room = { left: 2, published: 0 };
  const engine = {
    ...engineOf(context, (mesh) =>
      changed(mesh, {
        publish: () => (room.left-- > 0 ? void room.published++ : 0),
        join: async () => {
          room.left = 2;
          return 0;
        },
      }),
    ),
    kind: "nats" as const,
  };
  const outgoing = outgoingOf(engine);
  await outgoing.send(repeated("x", 5));
  assert.deepEqual([outgoing.sent.count, room.published], [5, 5]);
  const away = { ...engine, mesh: changed(engine.mesh, { publish: () => 0 }) };
  await assert.rejects(outgoingOf(away).send(repeated("x", 5)), { code: "PEER_LOST" });
});

test("Outgoing does not take for sent what a listener may not have read", async (context) => {
  const engine = engineOf(context, (mesh) => changed(mesh, { join: async () => 2 }));
  const outgoing = outgoingOf(engine);
  await assert.rejects(outgoing.send(repeated("x", 1)), {
    code: "PEER_LOST",
    message: /^Cannot send the last event to a\.b: 2 listeners went away, or did not answer/,
  });
  assert.equal(outgoing.sent.count, 0);
});

test("answerOf() waits for 10 s, and says why the server is away where that is known", async (context) => {
  const clock = new ManualClock();
  const engine = { ...engineOf(context), clock };
  const never = new Promise<string>(() => {});
  const { signal } = new AbortController();
  assert.equal(await answerOf(engine, "ask", Promise.resolve("yes"), signal), "yes");
  const late = assert.rejects(answerOf(engine, "ask", never, signal), {
    code: "TIMEOUT",
    message: "Cannot ask: no word within 10000 ms",
  });
  clock.advance(10_000);
  await late;
  const problem = new CircuitError("PEER_MISSING", "Cannot use NATS: nobody listens there");
  const away = assert.rejects(answerOf({ ...engine, problem }, "ask", never, signal), problem);
  clock.advance(10_000);
  await away;
});

/** A mesh as it is, but for a part. */
function changed(mesh: Mesh, parts: Partial<Mesh>): Mesh {
  return new Proxy(mesh, {
    get(target, key) {
      const value: unknown = Reflect.get(key in parts ? parts : target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("Hearing takes an event once where several patterns take it in, up to its count", async (context) => {
  const engine = engineOf(context);
  const heard: unknown[] = [];
  const { hearing } = hearingOf(engine, ({ data }) => void heard.push(data), {
    patterns: ["a.*", "a.b", ">"],
    count: 3,
  });
  await hearing.start();
  await outgoingOf(engine).send(linesOf(chunks("1\r\n2\n\n4"), parseText));
  await hearing.untilDone();
  assert.deepEqual(heard, ["1", "2", ""]);
});

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

test("linesOf() reads lines however they are cut", async () => {
  const whole = 'ü\n\n{"a":1}\r\nlast';
  const bytes = Buffer.from(whole);
  for (let at = 0; at <= bytes.length; at++) {
    const lines: unknown[] = [];
    const cut = (async function* () {
      yield bytes.subarray(0, at);
      yield bytes.subarray(at);
    })();
    for await (const batch of linesOf(cut, parseText)) lines.push(...batch);
    assert.deepEqual(lines, ["ü", "", '{"a":1}', "last"]);
  }
});

test("linesOf() and repeated() give no more than 64 KiB at once", async () => {
  const long = "x".repeat(20_000);
  const sizes: number[] = [];
  for await (const batch of linesOf(chunks(`${long}\n`.repeat(4)), parseText)) sizes.push(batch.length);
  for await (const batch of repeated(long, 7)) sizes.push(batch.length);
  for await (const batch of repeated("x".repeat(70_000), 2)) sizes.push(batch.length);
  assert.deepEqual(sizes, [3, 1, 3, 3, 1, 1, 1]);
});

test("linesOf() gives what comes before a line that is no JSON", async () => {
  const lines: unknown[] = [];
  const read = async () => {
    for await (const batch of linesOf(chunks("1\n[2]\n{\n4\n"), parseJson)) lines.push(...batch);
  };
  await assert.rejects(read(), { code: "MESSAGE_INVALID", message: "Cannot send line 3: it is no JSON" });
  assert.deepEqual(lines, [1, [2]]);
});

for (const [env, url] of [
  [{}, undefined],
  [{ __BROKER_HOST__: "", __BROKER_PORT__: "" }, undefined],
  [{ __BROKER_HOST__: "desk" }, "nats://desk:4222"],
  [{ __BROKER_PORT__: "4333" }, "nats://localhost:4333"],
  [{ __BROKER_HOST__: "::1", __BROKER_PORT__: "1" }, "nats://[::1]:1"],
] as const) {
  test(`findBroker() finds ${url} in ${JSON.stringify(env)}`, () => assert.equal(findBroker(env), url));
}

test("commandEnvironment() has no secrets", () => {
  const names = ["CIRCUIT_CREDENTIALS", "CIRCUIT_TOKEN", "NATS_PASSWORD"];
  const nats = ["CREDS", "NKEY", "TOKEN", "USER", "PASSWORD"].map((name) => `CIRCUIT_NATS_${name}`);
  const env = Object.fromEntries([...names, ...nats, "CIRCUIT_MESH", "PATH"].map((name) => [name, "x"]));
  assert.deepEqual(commandEnvironment(env, { subject: "a", headers: { b: "c" } }), {
    CIRCUIT_MESH: "x",
    PATH: "x",
    CIRCUIT_SUBJECT: "a",
    CIRCUIT_HEADERS: '{"b":"c"}',
  });
});

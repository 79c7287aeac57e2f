import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { linesOf, parseJson, parseText, repeated } from "../../src/circuit/batches.js";
import { findBroker } from "../../src/circuit/broker.js";
import { commandEnvironment } from "../../src/circuit/command-environment.js";
import type { EventEngine } from "../../src/circuit/event-engine.js";
import { Hearing, type HearingOptions } from "../../src/circuit/listen.js";
import { Outgoing, sendAgain } from "../../src/circuit/send.js";
import { systemClock } from "../../src/core/clock.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Mesh } from "../../src/mesh/mesh.js";
import { Gate, turns } from "../contract/waiting.js";
import { KeptEvents, keeping } from "./kept-events.js";

function engineOf(context: TestContext, over: (mesh: Mesh) => Mesh = (mesh) => mesh): EventEngine {
  const mesh = over(new MemoryMesh());
  context.after(() => mesh.close());
  return {
    ...{ kind: "ws", where: "this process", mesh, clock: systemClock, losses: 0, problem: undefined },
    ...{ refused: new AbortController().signal, close: () => mesh.close() },
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
    async ({ kept: of, atMs }) => {
      assert.ok(Math.abs(atMs - Date.now()) < 10_000, `${atMs}`);
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

test("Hearing gives up neither what is beyond its count nor what its end cuts off", async (context) => {
  const kept = new KeptEvents();
  const clock = new ManualClock();
  const engine = { ...engineOf(context, (mesh) => keeping(mesh, kept)), clock };
  await outgoingOf(engine, true).send(repeated("x", 2));
  const begun = new Gate();
  const stop = new AbortController();
  const handle: HearingOptions["handle"] = (_event, signal) => {
    begun.arrive();
    return new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const durable = { ...KEPT, deliveries: 1 };
  const { hearing } = hearingOf(engine, handle, { durable, count: 1, parallel: 2, signal: stop.signal });
  await hearing.start();
  await begun.arrivals(1);
  await turns();
  stop.abort(new Error("enough"));
  const ended = assert.rejects(hearing.untilDone(), /enough/);
  await turns();
  clock.advance(5_000);
  await ended;
  for await (const { event } of kept.dead()) assert.fail(`${event.sequence} was given up`);
  assert.equal(kept.acknowledged.size, 0);
});

test("Hearing tells of what is given up, which can be returned", async (context) => {
  const kept = new KeptEvents();
  const engine = engineOf(context, (mesh) => keeping(mesh, kept));
  await outgoingOf(engine, true).send(repeated("x", 1));
  const stop = new AbortController();
  const { hearing } = hearingOf(
    engine,
    async () => {
      throw new Error("never");
    },
    { durable: KEPT, signal: stop.signal, notice: (text) => stop.abort(text) },
  );
  await hearing.start();
  await assert.rejects(hearing.untilDone(), (reason) => /given up/.test(String(reason)));
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
});

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

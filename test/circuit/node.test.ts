import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CircuitNode } from "../../src/circuit/node.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Messages, StreamOptions } from "../../src/mesh/mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { Sketch, type SketchDelivery, type SketchSendOptions } from "../../src/sketch/sketch.js";
import { collect, Gate, turns } from "../contract/waiting.js";

/** Sends what a test says. */
class Sender extends Sketch {
  override readonly usesBoard = false;

  tell(message: Payload, options?: SketchSendOptions): Promise<Payload> {
    return this.send("lamp", message, "bits", options);
  }

  tellAll(messages: Messages, options?: SketchSendOptions): AsyncIterableIterator<Payload> {
    return this.stream("lamp", messages, "bits", options);
  }
}

/** Notes how its messages reach it. */
class Lamp extends Sketch {
  override readonly usesBoard = false;
  readonly keys: string[] = [];
  readonly counts: number[] = [];
  readonly gate = new Gate();
  reason: unknown;

  override async loop(
    _channel: string,
    message: Payload,
    { idempotencyKey, deliveryCount, signal }: SketchDelivery,
  ): Promise<Payload> {
    this.keys.push(idempotencyKey);
    this.counts.push(deliveryCount);
    if (message === "wait") {
      this.gate.arrive();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      this.reason = signal.reason;
    }
    return message;
  }
}

/** A mesh that notes what it is asked for. */
class NotedMesh extends MemoryMesh {
  readonly asked: StreamOptions[] = [];

  override send(target: string, message: Payload, options: StreamOptions = {}): Promise<Payload> {
    this.asked.push(options);
    return super.send(target, message, options);
  }
}

async function desk(context: TestContext) {
  const clock = new ManualClock();
  const mesh = new NotedMesh({ clock });
  context.after(() => mesh.close());
  const open = async <Some extends Sketch>(name: string, sketch: Some): Promise<Some> => {
    const node = new CircuitNode({
      ...{ name, sketch, mesh, clock, session: undefined, random: () => 0, confirms: false },
      ...{ signal: new AbortController().signal, ackTimeoutMs: 30_000, out() {}, notice() {} },
    });
    await node.setUp();
    await node.serve({});
    return sketch;
  };
  return { clock, mesh, lamp: await open("lamp", new Lamp()), sender: await open("sender", new Sender()) };
}

test("Sketch.send() gives its message a key of its own, and loop() sees it", async (context) => {
  const { lamp, sender } = await desk(context);
  await sender.tell("1", { idempotencyKey: "order 7" });
  await sender.tell("1");
  await sender.tell("1");
  assert.equal(lamp.keys[0], "order 7");
  assert.equal(new Set(lamp.keys).size, 3);
  assert.deepEqual(lamp.counts, [1, 1, 1]);
});

test("Sketch.stream() numbers the messages of its key", async (context) => {
  const { lamp, sender } = await desk(context);
  assert.deepEqual(await collect(sender.tellAll(["a", "b"], { idempotencyKey: "song" })), ["a", "b"]);
  assert.deepEqual(lamp.keys, ["song/1", "song/2"]);
});

for (const [what, idempotencyKey] of [
  ["an empty one", ""],
  ["one of 256 bytes", "é".repeat(128)],
  ["half a surrogate pair", "\ud83d"],
] as const) {
  test(`Sketch.send() and stream() refuse a key that is ${what}`, async (context) => {
    const { lamp, sender } = await desk(context);
    await assert.rejects(sender.tell("1", { idempotencyKey }), { code: "MESSAGE_INVALID" });
    await assert.rejects(collect(sender.tellAll(["1"], { idempotencyKey })), { code: "MESSAGE_INVALID" });
    assert.deepEqual(lamp.keys, []);
  });
}

test("Sketch.send() ends by its signal, and so does the handler's", async (context) => {
  const { lamp, sender } = await desk(context);
  const caller = new AbortController();
  const sent = sender.tell("wait", { signal: caller.signal });
  await lamp.gate.arrivals(1);
  const reason = new Error("enough");
  caller.abort(reason);
  await assert.rejects(sent, reason);
  await turns();
  assert.ok(lamp.reason instanceof Error);
});

test("Sketch.stream() ends by its signal", async (context) => {
  const { lamp, sender } = await desk(context);
  const caller = new AbortController();
  const acks = collect(sender.tellAll(["wait"], { signal: caller.signal }));
  await lamp.gate.arrivals(1);
  const reason = new Error("enough");
  caller.abort(reason);
  await assert.rejects(acks, reason);
});

test("Sketch.send() and stream() wait as long as their deadline says", async (context) => {
  const { clock, lamp, sender } = await desk(context);
  const sent = sender.tell("wait", { deadlineMs: 250 });
  const acks = collect(sender.tellAll(["wait"], { deadlineMs: 250 }));
  await lamp.gate.arrivals(1);
  const rejected = [
    assert.rejects(sent, {
      code: "TIMEOUT",
      message: /no acknowledgement within 0\.25 s/,
      hint: /deadlineMs/,
    }),
    assert.rejects(acks, { code: "TIMEOUT" }),
  ];
  clock.advance(250);
  await Promise.all(rejected);
  for (const deadlineMs of [-1, Number.NaN])
    await assert.rejects(sender.tell("1", { deadlineMs }), { code: "USAGE" });
});

test("Sketch.send() hands on what a message's retry is, and nothing unasked", async (context) => {
  const { mesh, sender } = await desk(context);
  await sender.tell("1", { retry: "repeat" });
  await sender.tell("1");
  assert.deepEqual(mesh.asked, [
    { retry: "repeat", from: "sender", channel: "bits", deadlineAtMs: 30_100 },
    { from: "sender", channel: "bits", deadlineAtMs: 30_100 },
  ]);
});

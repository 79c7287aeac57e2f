import assert from "node:assert/strict";
import { test } from "node:test";
import { Flow } from "../../src/flow/flow.js";
import { Manager } from "../../src/flow/manager.js";
import { pipeline } from "../../src/flow/pipeline.js";
import { Processor, Source } from "../../src/flow/processor.js";
import { emit } from "../../src/flow/source.js";
import { Gate, turns } from "../contract/waiting.js";
import { count, endless, Scene } from "./scene.js";

test("sync: an item is handled to the end of the pipeline before the source goes on", async () => {
  const happened: string[] = [];
  const gate = new Gate();
  const scene = new Scene({
    pipeline: pipeline({
      sources: {
        *numbers() {
          for (const n of [1, 2]) {
            happened.push(`yield ${n}`);
            yield n;
          }
        },
      },
      processors: {
        async first(n: number) {
          await gate.open;
          happened.push(`first ${n}`);
          return n;
        },
        second: (n: number) => void happened.push(`second ${n}`),
      },
    }).connect([
      { from: "numbers", to: "first" },
      { from: "first", to: "second" },
    ]),
  });
  await scene.start();
  assert.deepEqual(happened, ["yield 1"]);
  gate.release();
  const [status] = await scene.flow.done;
  assert.equal(status?.state, "finished");
  assert.deepEqual(happened, ["yield 1", "first 1", "second 1", "yield 2", "first 2", "second 2"]);
  assert.deepEqual(scene.counts("numbers"), { out: 2 });
  assert.deepEqual(scene.counts("first"), { in: 2, handled: 2, out: 2 });
  assert.deepEqual(scene.counts("second"), { in: 2, handled: 2 });
  assert.equal(scene.clock.pending, 0);
});

/** What a handler may return, and what comes of it for the item 2. */
const RESULTS: readonly (readonly [
  what: string,
  handle: (n: number) => unknown,
  items: readonly unknown[],
])[] = [
  ["nothing", () => {}, []],
  ["null", () => null, [null]],
  ["a text", () => "ab", ["ab"]],
  ["bytes", () => new Uint8Array([1, 2]), [new Uint8Array([1, 2])]],
  ["an object", (n) => ({ n }), [{ n: 2 }]],
  ["an array", (n) => [n, undefined, n + 1], [2, 3]],
  ["an array as an item", (n) => emit("data", [n]), [[2]]],
  [
    "a generator",
    function* (n) {
      yield n;
      yield emit("data", n + 1);
      yield emit("other", 9);
    },
    [2, 3],
  ],
  [
    "an async generator",
    async function* (n) {
      yield n;
      yield n + 1;
    },
    [2, 3],
  ],
  ["a Promise of nothing", async () => {}, []],
  ["a Promise of many", async (n) => [n, n], [2, 2]],
  ["a Promise of a generator", async () => count(2), [0, 1]],
];

for (const protocol of ["sync", "async"] as const) {
  for (const [what, handle, items] of RESULTS) {
    test(`${protocol}: a handler that returns ${what}`, async () => {
      const got: unknown[] = [];
      const scene = new Scene({
        protocol,
        pipeline: {
          sources: { numbers: () => [2] },
          processors: { handle, sink: (item: unknown) => void got.push(item) },
          connections: [
            { from: "numbers", to: "handle" },
            { from: "handle", to: "sink" },
          ],
        },
      });
      scene.flow.start();
      await scene.flow.done;
      assert.deepEqual(got, items);
      assert.deepEqual(scene.failures, []);
    });
  }
}

class Numbers extends Source<{ data: number; odd: number }> {
  *start() {
    for (const n of count(4)) yield n % 2 ? emit("odd", n) : n;
  }
}

class Files extends Processor<number> {
  readonly #happened: unknown[];

  constructor(happened: unknown[]) {
    super();
    this.#happened = happened;
  }

  override async open() {
    this.#happened.push("open");
  }

  handle(n: number) {
    this.#happened.push(n);
  }

  override async close() {
    this.#happened.push("close");
  }
}

test('sync: source.on("data", processor.handle), named outputs, open() before and close() after', async () => {
  const happened: unknown[] = [];
  const odd: number[] = [];
  const scene = new Scene({
    build() {
      const numbers = new Numbers();
      return numbers.on("data", new Files(happened).handle).on("odd", (n) => void odd.push(n));
    },
  });
  scene.flow.start();
  await scene.flow.done;
  assert.deepEqual(happened, ["open", 0, 2, "close"]);
  assert.deepEqual(odd, [1, 3]);
  assert.deepEqual(scene.counts("Files"), { in: 2, handled: 2 });
});

test("sync: a function that can be closed is closed at the end", async () => {
  let isClosed = false;
  const sink = Object.assign((_n: number) => {}, {
    close: async () => {
      isClosed = true;
    },
  });
  const scene = new Scene({
    pipeline: pipeline({ sources: { numbers: () => count(2) }, processors: { sink } }).connect([
      { from: "numbers", to: "sink" },
    ]),
  });
  scene.flow.start();
  await scene.flow.done;
  assert.ok(isClosed);
});

test("sync: each who takes an output gets every item, in the order of the connections", async () => {
  const got: string[] = [];
  const scene = new Scene({
    pipeline: {
      sources: { numbers: () => count(2) },
      processors: {
        a: async (n: number) => void got.push(`a${n}`),
        b: (n: number) => void got.push(`b${n}`),
        c: async (n: number) => void got.push(`c${n}`),
      },
      connections: ["a", "b", "c"].map((to) => ({ from: "numbers", to })),
    },
  });
  scene.flow.start();
  await scene.flow.done;
  assert.deepEqual(got, ["a0", "b0", "c0", "a1", "b1", "c1"]);
});

test("stop: the source's signal aborts, the item under way is handled to its end", async () => {
  const gate = new Gate();
  const got: number[] = [];
  const scene = new Scene({
    pipeline: {
      sources: { numbers: endless(1, 2) },
      processors: {
        async slow(n: number) {
          await gate.open;
          got.push(n);
        },
      },
      connections: [{ from: "numbers", to: "slow" }],
    },
  });
  await scene.start();
  const stopped = scene.flow.stop();
  await turns();
  assert.equal(scene.status.state, "stopping");
  gate.release();
  const [status] = await stopped;
  assert.equal(status?.state, "stopped");
  assert.deepEqual(got, [1]);
  assert.equal(scene.clock.pending, 0);
});

test("an infinite source that never waits leaves timers their turn, and can be stopped", async () => {
  let handled = 0;
  const endlessly = {
    sources: { numbers: () => count(Number.POSITIVE_INFINITY) },
    processors: { sink: () => void handled++ },
    connections: [{ from: "numbers", to: "sink" }],
  };
  const managers = (["sync", "async"] as const).map(
    (protocol) => new Manager({ name: protocol, protocol, pipeline: endlessly }),
  );
  const flow = new Flow({ name: "desk", managers });
  flow.start();
  await new Promise((resolve) => setImmediate(resolve));
  const [one, other] = await flow.stop();
  assert.deepEqual([one?.state, other?.state], ["stopped", "stopped"]);
  const { sync, async } = Object.fromEntries(flow.status.map(({ name, parts }) => [name, parts.sink]));
  assert.ok(sync && async && sync.handled > 0 && async.handled > 0);
  assert.equal(handled, sync.handled + async.handled);
  assert.equal(async.in, async.handled);
});

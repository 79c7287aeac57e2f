import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionOptions } from "../../src/flow/connection.js";
import { pipeline } from "../../src/flow/pipeline.js";
import { processor } from "../../src/flow/processor.js";
import type { FlowContext } from "../../src/flow/source.js";
import { Gate, turns } from "../contract/waiting.js";
import { count, Scene } from "./scene.js";

/** A source of numbers that counts what was drawn, and a sink that waits at a gate for each. */
function gated(options: ConnectionOptions, items: number) {
  const gate = new Gate();
  const got: number[] = [];
  const drawn = { count: 0 };
  const scene = new Scene({
    protocol: "async",
    pipeline: pipeline({
      sources: {
        async *numbers() {
          for (const n of count(items)) {
            drawn.count++;
            yield n;
          }
        },
      },
      processors: {
        async sink(n: number) {
          await gate.open;
          got.push(n);
        },
      },
    }).connect([{ from: "numbers", to: "sink", ...options }]),
  });
  return { scene, gate, got, drawn };
}

test("async: block: the source waits while the inbox is full, and nothing is lost", async () => {
  const { scene, gate, got, drawn } = gated({ limit: 4 }, 100);
  await scene.start();
  // One is handled, four wait in the inbox and one at its door.
  assert.equal(drawn.count, 6);
  assert.deepEqual(scene.counts("sink"), { in: 6, running: 1, waiting: 5 });
  gate.release();
  await scene.flow.done;
  assert.deepEqual(got, [...count(100)]);
  assert.deepEqual(scene.counts("sink"), { in: 100, handled: 100 });
});

/** What of ten numbers comes through while the first is handled. */
const OVERFLOWS: readonly (readonly [options: ConnectionOptions, got: readonly number[]])[] = [
  [{ overflow: "drop-oldest", limit: 3 }, [0, 7, 8, 9]],
  [{ overflow: "drop-newest", limit: 3 }, [0, 1, 2, 3]],
  [{ overflow: "latest" }, [0, 9]],
];

for (const [options, wanted] of OVERFLOWS) {
  test(`async: ${options.overflow}: what has no room is dropped, and counted`, async () => {
    const { scene, gate, got } = gated(options, 10);
    await scene.start();
    gate.release();
    await scene.flow.done;
    assert.deepEqual(got, wanted);
    const dropped = 10 - wanted.length;
    assert.deepEqual(scene.counts("sink"), { in: 10, handled: wanted.length, dropped });
    assert.deepEqual(scene.status.connections, [{ from: "numbers", output: "data", to: "sink", dropped }]);
  });
}

test("async: each processor has its own pace: a slow one holds up nobody beside it", async () => {
  const gate = new Gate();
  const quick: number[] = [];
  const scene = new Scene({
    protocol: "async",
    pipeline: pipeline({
      sources: { numbers: () => count(5) },
      processors: { slow: (_n: number) => gate.open, quick: (n: number) => void quick.push(n) },
    }).connect([
      { from: "numbers", to: "slow" },
      { from: "numbers", to: "quick" },
    ]),
  });
  await scene.start();
  assert.deepEqual(quick, [0, 1, 2, 3, 4]);
  assert.deepEqual(scene.counts("slow"), { in: 5, running: 1, waiting: 4 });
  gate.release();
  await scene.flow.done;
});

/** Handles three numbers at a time, each until it is let go. */
async function handleThree(ordered: boolean, letGo: readonly number[]) {
  const gates = Array.from(count(4), () => new Gate());
  const got: number[] = [];
  const wait = async (n: number) => {
    await gates[n]?.open;
    return n;
  };
  const scene = new Scene({
    protocol: "async",
    pipeline: pipeline({
      sources: { numbers: () => count(4) },
      processors: { wait: processor(wait, { parallel: 3, ordered }), sink: (n: number) => void got.push(n) },
    }).connect([
      { from: "numbers", to: "wait" },
      { from: "wait", to: "sink" },
    ]),
  });
  await scene.start();
  assert.equal(scene.counts("wait").running, 3);
  for (const n of letGo) {
    gates[n]?.release();
    await turns();
  }
  await scene.flow.done;
  return got;
}

test("async: several at a time, emitted in the order of their items", async () => {
  assert.deepEqual(await handleThree(true, [2, 1, 0, 3]), [0, 1, 2, 3]);
});

test("async: several at a time, emitted as they are ready", async () => {
  assert.deepEqual(await handleThree(false, [2, 3, 1, 0]), [2, 3, 1, 0]);
});

test("async: batches by count, by time, and what is left at the end", async () => {
  const got: (readonly number[])[] = [];
  const scene = new Scene({
    protocol: "async",
    pipeline: pipeline({
      sources: {
        async *numbers({ clock }) {
          yield* count(5);
          await clock.sleep(1_000);
          yield 5;
        },
      },
      processors: { sink: (numbers: readonly number[]) => void got.push(numbers) },
    }).connect([{ from: "numbers", to: "sink", batch: { count: 3, withinMs: 100 } }]),
  });
  await scene.start();
  assert.deepEqual(got, [[0, 1, 2]]);
  await scene.pass(99);
  assert.equal(got.length, 1);
  await scene.pass(1);
  assert.deepEqual(got, [
    [0, 1, 2],
    [3, 4],
  ]);
  await scene.pass(900);
  await scene.flow.done;
  assert.deepEqual(got, [[0, 1, 2], [3, 4], [5]]);
  assert.deepEqual(scene.counts("sink"), { in: 6, handled: 6 });
  assert.equal(scene.clock.pending, 0);
});

test("async: a cycle of which one connection gives way comes to its end", async () => {
  const got: number[] = [];
  const scene = new Scene({
    protocol: "async",
    pipeline: pipeline({
      sources: { numbers: () => [5] },
      processors: {
        down: (n: number) => {
          got.push(n);
          return n > 0 ? n - 1 : undefined;
        },
      },
    }).connect([
      { from: "numbers", to: "down" },
      { from: "down", to: "down", overflow: "drop-oldest" },
    ]),
  });
  scene.flow.start();
  await scene.flow.done;
  assert.deepEqual(got, [5, 4, 3, 2, 1, 0]);
});

test("async: stop drains what waits within the grace, sources first, and reports what was not", async () => {
  const gate = new Gate();
  const scene = new Scene({
    protocol: "async",
    graceMs: 500,
    pipeline: pipeline({
      sources: { numbers: () => count(Number.POSITIVE_INFINITY) },
      processors: {
        half: (n: number) => n / 2,
        slow: async ({ n }: { readonly n: number }) => {
          if (n === 3) await gate.open;
        },
        wrap: (n: number) => ({ n }),
      },
    }).connect([
      { from: "numbers", to: "half", limit: 4 },
      { from: "half", to: "wrap", limit: 4 },
      { from: "wrap", to: "slow", limit: 4 },
    ]),
  });
  await scene.start();
  const stopped = scene.flow.stop();
  await scene.pass(499);
  assert.equal(scene.status.state, "stopping");
  await scene.pass(1);
  const [status] = await stopped;
  assert.equal(status?.state, "stopped");
  const { in: came = 0, handled = 0, abandoned = 0, ...rest } = scene.counts("slow");
  assert.deepEqual([handled, rest], [6, {}]);
  assert.equal(came, handled + abandoned);
  assert.match(scene.lines.at(-1) ?? "", /desk\/m0: \d+ items were not handled to the end, and are given up/);
  assert.equal(scene.givenUp.length, Number(/\d+ items/.exec(scene.lines.at(-1) ?? "")?.[0].split(" ")[0]));
  assert.equal(scene.clock.pending, 0);
});

test("async: a source that goes on after it was told to stop is named", async () => {
  const scene = new Scene({
    protocol: "async",
    graceMs: 500,
    pipeline: {
      sources: {
        async *deaf() {
          yield 1;
          await new Promise(() => {});
        },
      },
      processors: { sink: () => {} },
      connections: [{ from: "deaf", to: "sink" }],
    },
  });
  await scene.start();
  const stopped = scene.flow.stop();
  await scene.pass(500);
  await stopped;
  assert.deepEqual(scene.lines, ["desk/m0: deaf went on for 500 ms after it was told to stop"]);
});

test("async: an item that comes after a pause has nobody wait for a turn of timers", async () => {
  const scene = new Scene({
    protocol: "async",
    pipeline: {
      sources: {
        async *rare({ clock, signal }: FlowContext) {
          for (let item = 0; ; item++) {
            await clock.sleep(1_000, signal);
            yield item;
          }
        },
      },
      processors: { later: async (item: number) => item, sink: (_item: number) => {} },
      connections: [
        { from: "rare", to: "later" },
        { from: "later", to: "sink" },
      ],
    },
  });
  await scene.start();
  for (let items = 1; items <= 3; items++) {
    await scene.pass(1_000);
    assert.equal(scene.counts("sink").handled, items);
    assert.equal(scene.clock.pending, 1, "only the source's own timer");
  }
  await scene.flow.stop();
});

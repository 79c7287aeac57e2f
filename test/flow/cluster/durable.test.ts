import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { keyOf } from "../../../src/flow/cluster/delivery.js";
import type { DurableQueue, QueuePlace } from "../../../src/flow/cluster/durable-queue.js";
import { MemoryQueues } from "../../../src/flow/cluster/memory-queues.js";
import { Flow } from "../../../src/flow/flow.js";
import { Manager, type ManagerOptions } from "../../../src/flow/manager.js";
import { type NamedConnection, pipeline } from "../../../src/flow/pipeline.js";
import { processor } from "../../../src/flow/processor.js";
import type { FlowContext } from "../../../src/flow/source.js";
import { turns } from "../../contract/waiting.js";
import { endless } from "../scene.js";

/** Machines that run one flow, on one clock. */
class Machines {
  readonly clock = new ManualClock();
  readonly queues = new MemoryQueues({ clock: this.clock });
  readonly lines: string[] = [];
  readonly givenUp: unknown[] = [];

  start(options: Omit<ManagerOptions, "name">): Flow {
    const flow = new Flow({
      name: "desk",
      managers: [new Manager({ name: "m", ...options })],
      clock: this.clock,
      random: () => 0,
      queues: this.queues,
      log: (text) => this.lines.push(text),
      onGivenUp: ({ item }) => this.givenUp.push(item),
    });
    flow.start();
    return flow;
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await turns();
  }
}

const idle = endless();

/** Yields these in its first life, and nothing in others. */
function first(...items: number[]) {
  const lives = [endless(...items)];
  return (context: FlowContext) => (lives.pop() ?? idle)(context);
}

test("an item goes from machine to machine over durable connections", async () => {
  const machines = new Machines();
  const seen: unknown[] = [];
  const pipelineOf = (source: typeof idle) =>
    pipeline({
      sources: { numbers: source },
      processors: { twice: (n: number) => [n, n * 10], sink: (n: number) => void seen.push(n) },
    }).connect([
      { from: "numbers", to: "twice", durable: true },
      { from: "twice", to: "sink", durable: true },
    ]);
  const here = machines.start({ pipeline: pipelineOf(endless(1, 2, 3, 4)) });
  const there = machines.start({ pipeline: pipelineOf(idle) });
  await turns();
  assert.deepEqual([...seen].sort(), [1, 10, 2, 20, 3, 30, 4, 40].sort());
  const handled = [here, there].map((flow) => flow.status[0]?.parts.twice?.handled);
  assert.deepEqual(handled, [2, 2]);
  await Promise.all([here.stop(), there.stop()]);
  assert.deepEqual(machines.givenUp, []);
});

test("an item whose processor fails is given up where it is to be skipped, and tried again otherwise", async () => {
  const machines = new Machines();
  const seen: unknown[] = [];
  let failures = 0;
  const flow = machines.start({
    pipeline: pipeline({
      sources: { numbers: first(1, 2, 3) },
      processors: {
        odd: processor(
          (n: number) => {
            if (n === 2) throw new Error("even");
            return n;
          },
          { onError: "skip" },
        ),
        sink: (n: number) => {
          if (n === 3 && ++failures < 3) throw new Error("not yet");
          seen.push(n);
        },
      },
    }).connect([
      { from: "numbers", to: "odd", durable: true },
      { from: "odd", to: "sink" },
    ]),
  });
  await turns();
  assert.deepEqual(seen, [1]);
  assert.deepEqual(machines.givenUp, [2]);
  for (let step = 0; step < 10; step++) await machines.pass(250);
  assert.deepEqual(seen, [1, 3]);
  assert.equal(failures, 3);
  assert.equal(flow.status[0]?.restarts, 2);
  assert.deepEqual(machines.givenUp, [2]);
  await flow.stop();
});

test("what a machine has not handled when it stops, another handles", async () => {
  const machines = new Machines();
  const seen: string[] = [];
  const pipelineOf = (name: string, source: typeof idle, hangs: boolean) =>
    pipeline({
      sources: { numbers: source },
      processors: {
        sink: (n: number) => {
          seen.push(`${name}${n}`);
          return hangs ? new Promise<void>(() => {}) : undefined;
        },
      },
    }).connect([{ from: "numbers", to: "sink", durable: true }]);
  const here = machines.start({ pipeline: pipelineOf("a", endless(1, 2, 3), true) });
  await turns();
  assert.deepEqual(seen, ["a1"]);
  const stopped = here.stop();
  const there = machines.start({ pipeline: pipelineOf("b", idle, false) });
  await turns();
  assert.deepEqual(seen, ["a1", "b2", "b3"], "what was not begun goes at once");
  await machines.pass(5_000);
  await stopped;
  assert.deepEqual(seen, ["a1", "b2", "b3", "b1"]);
  assert.deepEqual(machines.givenUp, []);
  await there.stop();
});

test("a processor sees how its item came, under a key that stays when it comes again", async () => {
  const machines = new Machines();
  const keys: (readonly [unknown, string | undefined, number | undefined])[] = [];
  let tries = 0;
  const flow = machines.start({
    pipeline: pipeline({
      sources: { numbers: first(1) },
      processors: {
        split: (n: number) => [n, n + 1],
        sink: (n: number, context: FlowContext) => {
          keys.push([n, keyOf(context), context.deliveries?.[0]?.deliveryCount]);
          if (n === 2 && ++tries === 1) throw new Error("not yet");
        },
      },
    }).connect([
      { from: "numbers", to: "split", durable: true },
      { from: "split", to: "sink" },
    ]),
    restart: { firstMs: 1 },
  });
  await turns();
  await machines.pass(300);
  await machines.pass(300);
  const before = keys.filter(([, , deliveries]) => deliveries === 1).slice(0, 2);
  const again = keys.filter(([, , deliveries]) => deliveries === 2);
  assert.deepEqual(
    again.map(([n, key]) => [n, key]),
    before.map(([n, key]) => [n, key]),
  );
  assert.equal(before.length, 2);
  assert.notEqual(before[0]?.[1], before[1]?.[1]);
  await flow.stop();
});

test("a durable connection makes batches, which are handled together", async () => {
  const machines = new Machines();
  const batches: unknown[] = [];
  const flow = machines.start({
    pipeline: pipeline({
      sources: { numbers: endless(1, 2, 3, 4, 5) },
      processors: {
        sink: (items: readonly number[], context: FlowContext) => {
          batches.push([items, context.deliveries?.map(({ sequence }) => sequence)]);
        },
      },
    }).connect([{ from: "numbers", to: "sink", durable: true, batch: { count: 2, withinMs: 100 } }]),
  });
  await turns();
  assert.equal(batches.length, 2);
  await machines.pass(100);
  assert.deepEqual(batches, [
    [
      [1, 2],
      [1, 2],
    ],
    [
      [3, 4],
      [3, 4],
    ],
    [[5], [5]],
  ]);
  assert.equal(flow.status[0]?.parts.sink?.handled, 5);
  await flow.stop();
});

test("a processor handles as many at a time as it says, whichever way they come", async () => {
  const machines = new Machines();
  const running = { work: 0, end: 0 };
  const most = { work: 0, end: 0 };
  const slow =
    (name: "work" | "end") =>
    async (n: number, { clock }: FlowContext) => {
      most[name] = Math.max(most[name], ++running[name]);
      await clock.sleep(10);
      running[name]--;
      return n;
    };
  let seen = 0;
  const flow = machines.start({
    pipeline: pipeline({
      sources: { numbers: endless(...Array.from({ length: 20 }, (_, n) => n)) },
      processors: {
        work: processor(slow("work"), { parallel: 8 }),
        end: processor(slow("end"), { parallel: 2 }),
        sink: () => void seen++,
      },
    }).connect([
      { from: "numbers", to: "work", durable: true },
      { from: "work", to: "end" },
      { from: "end", to: "sink" },
    ]),
  });
  await turns();
  for (let step = 0; step < 20; step++) await machines.pass(10);
  assert.equal(seen, 20);
  assert.deepEqual(most, { work: 8, end: 2 });
  await flow.stop();
});

test("a source waits where more items are on their way into a queue than its limit", async () => {
  const places: QueuePlace[] = [];
  const queue: DurableQueue = {
    open: async () => {},
    put: () => new Promise(() => {}),
    take: async () => ({ drain: async () => {} }),
    close: async () => {},
  };
  let yielded = 0;
  const clock = new ManualClock();
  const flow = new Flow({
    name: "desk",
    clock,
    queues: {
      queue(place) {
        places.push(place);
        return queue;
      },
    },
    managers: [
      new Manager({
        name: "m",
        pipeline: pipeline({
          sources: {
            *numbers() {
              while (yielded < 100) yield ++yielded;
            },
          },
          processors: { sink: () => {} },
        }).connect([{ from: "numbers", to: "sink", durable: true, limit: 8 }]),
      }),
    ],
  });
  flow.start();
  await turns();
  assert.equal(yielded, 8);
  assert.deepEqual(places, [{ flow: "desk", manager: "m", from: "numbers", output: "data", to: "sink" }]);
  const stopped = flow.stop();
  clock.advance(5_000);
  await stopped;
});

test("storage that is away is waited for, and no failure; a flow that waits for it can be stopped", async () => {
  const clock = new ManualClock();
  const memory = new MemoryQueues({ clock });
  const seen: unknown[] = [];
  const start = () => {
    const flow = new Flow({
      name: "desk",
      clock,
      queues: {
        queue: (place) => Object.assign(memory.queue(place), { open: () => clock.sleep(60_000) }),
      },
      managers: [
        new Manager({
          name: "m",
          pipeline: pipeline({
            sources: { numbers: endless(1) },
            processors: { sink: (n: number) => void seen.push(n) },
          }).connect([{ from: "numbers", to: "sink", durable: true }]),
        }),
      ],
    });
    flow.start();
    return flow;
  };
  const flow = start();
  const other = start();
  await turns();
  clock.advance(59_000);
  await turns();
  assert.deepEqual([seen, flow.status[0]?.restarts], [[], 0]);
  await other.stop();
  clock.advance(1_000);
  await turns();
  assert.deepEqual(seen, [1]);
  await flow.stop();
});

test("a flow with durable connections is refused where nobody keeps their items", () => {
  const managers = [
    new Manager({
      name: "m",
      pipeline: pipeline({ sources: { a: endless(1) }, processors: { b: (_: number) => {} } }).connect([
        { from: "a", to: "b", durable: true },
      ]),
    }),
  ];
  assert.throws(() => new Flow({ name: "desk", managers }).start(), {
    code: "CONFIG_INVALID",
    message: /the connection from a to b is durable, and there is no JetStream/,
  });
});

const REFUSED: readonly (readonly [problem: RegExp, connections: NamedConnection[]])[] = [
  [
    /b to c has options, and beside durable/,
    [
      { from: "a", to: "b", durable: true },
      { from: "b", to: "c", limit: 5 },
    ],
  ],
  [
    /is durable, and to drop items is not/,
    [
      { from: "a", to: "b", durable: true, overflow: "latest" },
      { from: "b", to: "c" },
    ],
  ],
  [
    /there are two of the connection from a to b/,
    [
      { from: "a", to: "b", durable: true },
      { from: "a", to: "b", durable: true },
      { from: "b", to: "c" },
    ],
  ],
  [
    /the limit, or the batch, of the connection from a to b is 5000/,
    [
      { from: "a", to: "b", durable: true, limit: 5_000 },
      { from: "b", to: "c" },
    ],
  ],
];

for (const [problem, connections] of REFUSED) {
  test(`a pipeline is refused: ${problem.source}`, () => {
    const given = {
      sources: { a: endless(1) },
      processors: { b: (n: number) => n, c: () => {} },
      connections,
    };
    assert.throws(() => new Manager({ name: "m", protocol: "async", pipeline: given }).plan(), {
      code: "CONFIG_INVALID",
      message: problem,
    });
  });
}

test("a handler that is past its time sees its own item's deliveries, whatever comes after it", async () => {
  const machines = new Machines();
  const contexts: FlowContext[] = [];
  const hang = (_: number, context: FlowContext) => {
    contexts.push(context);
    return contexts.length === 1 ? new Promise<void>(() => {}) : undefined;
  };
  const flow = machines.start({
    pipeline: pipeline({
      sources: { numbers: first(1, 2) },
      processors: { sink: processor(hang, { timeoutMs: 100, onError: "skip" }) },
    }).connect([{ from: "numbers", to: "sink", durable: true }]),
  });
  await turns();
  await machines.pass(200);
  assert.deepEqual(
    contexts.map(({ deliveries }) => deliveries?.[0]?.sequence),
    [1, 2],
  );
  await flow.stop();
});

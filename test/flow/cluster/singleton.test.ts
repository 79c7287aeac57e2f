import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { MemoryLeases } from "../../../src/flow/cluster/memory-leases.js";
import { MemoryQueues } from "../../../src/flow/cluster/memory-queues.js";
import { Flow } from "../../../src/flow/flow.js";
import { Manager } from "../../../src/flow/manager.js";
import { pipeline } from "../../../src/flow/pipeline.js";
import { source } from "../../../src/flow/processor.js";
import type { FlowContext } from "../../../src/flow/source.js";
import { turns } from "../../contract/waiting.js";

/** Machines that run one flow with one singleton source, which yields its machine's name, or its numbers, each 100 ms. */
class Machines {
  readonly clock = new ManualClock();
  readonly queues = new MemoryQueues({ clock: this.clock });
  readonly leases = new MemoryLeases({ clock: this.clock });
  readonly seen: unknown[] = [];
  readonly revisions = new Set<number | undefined>();

  start(name: string, { resumes = false, durable = true } = {}): Flow {
    const numbers = source(
      async function* ticks({ clock, signal, from = 0 }: FlowContext) {
        for (let tick = from; ; tick++) {
          yield resumes ? tick : name;
          await clock.sleep(100, signal);
        }
      },
      { singleton: true, resumes },
    );
    const sink = (item: number | string, { deliveries }: FlowContext) => {
      this.seen.push(item);
      this.revisions.add(deliveries?.[0]?.origin?.revision);
    };
    const flow = new Flow({
      name: "desk",
      clock: this.clock,
      random: () => 1,
      queues: this.queues,
      leases: this.leases,
      managers: [
        new Manager({
          name: "m",
          pipeline: pipeline({ sources: { numbers }, processors: { sink } }).connect([
            { from: "numbers", to: "sink", durable },
          ]),
        }),
      ],
    });
    flow.start();
    return flow;
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50);
      await turns();
    }
  }
}

for (const durable of [true, false])
  test(`a singleton source runs on one machine at a time, ${durable ? "" : "not "}durably connected`, async () => {
    const machines = new Machines();
    const flows = ["a", "b", "c"].map((name) => machines.start(name, { durable }));
    await turns();
    await machines.pass(1_000);
    assert.deepEqual([...new Set(machines.seen)].length, 1);
    const first = machines.seen[0];
    const stopping = flows[["a", "b", "c"].indexOf(String(first))]?.stop();
    await machines.pass(250);
    await stopping;
    machines.seen.length = 0;
    await machines.pass(1_000);
    assert.equal(new Set(machines.seen).size, 1);
    assert.notEqual(machines.seen[0], first);
    if (durable) assert.equal(machines.revisions.size, 2);
    const stops = flows.map((flow) => flow.stop());
    await machines.pass(100);
    await Promise.all(stops);
  });

test("a source that resumes goes on where it was stopped, on another machine", async () => {
  const machines = new Machines();
  const here = machines.start("a", { resumes: true });
  await turns();
  await machines.pass(1_000);
  const stopping = here.stop();
  await turns();
  const there = machines.start("b", { resumes: true });
  await machines.pass(1_000);
  await stopping;
  const count = machines.seen.length;
  assert.ok(count > 15);
  assert.deepEqual(
    machines.seen,
    Array.from({ length: count }, (_, tick) => tick),
  );
  const stopped = there.stop();
  await machines.pass(100);
  await stopped;
});

test("a flow with a singleton source is refused where there are no leases", () => {
  const managers = [
    new Manager({
      name: "m",
      singleton: true,
      pipeline: pipeline({ sources: { a: () => [1] }, processors: { b: (_: number) => {} } }).connect([
        { from: "a", to: "b" },
      ]),
    }),
  ];
  assert.throws(() => new Flow({ name: "desk", managers }).start(), {
    code: "CONFIG_INVALID",
    message: /Cannot run a: it is to run on one machine at a time/,
  });
});

test("a source that resumes is refused where nobody knows how far it is", () => {
  const managers = [
    new Manager({
      name: "m",
      pipeline: pipeline({
        sources: { a: source(() => [1], { resumes: true }) },
        processors: { b: (_: number) => {} },
      }).connect([{ from: "a", to: "b" }]),
    }),
  ];
  assert.throws(() => new Flow({ name: "desk", managers }).start(), {
    message: /a resumes, and nobody knows/,
  });
});

test("a singleton source that does not end when told to leaves its lease to others when the grace is over", async () => {
  const clock = new ManualClock();
  const [queues, leases] = [new MemoryQueues({ clock }), new MemoryLeases({ clock })];
  const seen: string[] = [];
  const start = (name: string) => {
    async function* deaf() {
      yield name;
      await new Promise<never>(() => {});
    }
    const numbers = source(deaf, { singleton: true });
    const pipe = pipeline({ sources: { numbers }, processors: { sink: (by: string) => void seen.push(by) } });
    const connected = pipe.connect([{ from: "numbers", to: "sink", durable: true }]);
    const managers = [new Manager({ name: "m", graceMs: 500, pipeline: connected })];
    const flow = new Flow({ name: "desk", clock, queues, leases, managers });
    flow.start();
    return flow;
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await turns();
    }
  };
  const first = start("first");
  await pass(100);
  const second = start("second");
  const stopped = first.stop();
  await pass(400);
  assert.deepEqual(seen, ["first"]);
  await pass(3_000);
  await stopped;
  assert.deepEqual(seen, ["first", "second"]);
  const ended = second.stop();
  await pass(600);
  await ended;
});

test("a source that hangs when its lease is over runs again in that process, beside what hangs", async () => {
  const clock = new ManualClock();
  const { leases: bucket, progress } = new MemoryLeases({ clock });
  let isAway = false;
  const unlessAway = <T>(ask: () => Promise<T>) => (isAway ? Promise.reject(new Error("away")) : ask());
  const leases = {
    progress,
    leases: {
      ttlMs: bucket.ttlMs,
      create: (key: string, value: string) => unlessAway(() => bucket.create(key, value)),
      update: (key: string, value: string, revision: number) =>
        unlessAway(() => bucket.update(key, value, revision)),
      find: (key: string) => unlessAway(() => bucket.find(key)),
      remove: (key: string, revision: number) => unlessAway(() => bucket.remove(key, revision)),
    },
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await turns();
    }
  };
  const goOn: (() => void)[] = [];
  const seen: unknown[] = [];
  async function* deaf() {
    yield goOn.length;
    await new Promise<void>((resolve) => goOn.push(resolve));
    yield "late";
  }
  const numbers = source(deaf, { singleton: true });
  const pipe = pipeline({
    sources: { numbers },
    processors: { sink: (item: number | string) => void seen.push(item) },
  }).connect([{ from: "numbers", to: "sink", durable: true }]);
  const managers = [new Manager({ name: "m", graceMs: 500, pipeline: pipe })];
  const flow = new Flow({ name: "desk", clock, queues: new MemoryQueues({ clock }), leases, managers });
  flow.start();
  await pass(100);
  assert.deepEqual(seen, [0]);
  isAway = true;
  await pass(2_500);
  isAway = false;
  await pass(3_000);
  assert.deepEqual(seen, [0], "it has time to end");
  await pass(3_000);
  assert.deepEqual(seen, [0, 1]);
  goOn[0]?.();
  await turns();
  assert.deepEqual(seen, [0, 1], "what comes of the first one now is refused");
  const { numbers: counts } = flow.status[0]?.parts ?? {};
  assert.deepEqual([counts?.out, counts?.dropped], [2, 1]);
  const stopped = flow.stop();
  await pass(600);
  await stopped;
});

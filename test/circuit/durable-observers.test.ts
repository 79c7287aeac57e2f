import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CircuitDefinition,
  type ObservedEvent,
  type ObserverContext,
  on,
  runCircuit,
  Sketch,
} from "../../src/index.js";
import { GiveUp } from "../../src/mesh/durable.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { Gate } from "../contract/waiting.js";
import { keepingBelow, skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { temporaryFolder } from "../temporary-folder.js";

const options = { skip: skipWithoutNats, timeout: 30_000 };

/** Stores events of a subject, one after the other. */
function storing(subject: string, count: number): CircuitDefinition {
  class Storing extends Sketch {
    override readonly usesBoard = false;
    override async run(): Promise<void> {
      for (let n = 0; n < count; n++) await this.store(subject, n, { id: `${subject}-${n}` });
    }
  }
  return { nodes: { stores: { sketch: Storing } } };
}

test(
  "durable observers over NATS: what is missed comes later, and count takes exactly so many",
  options,
  async (context) => {
    const server = await startNats({ config: keepingBelow(temporaryFolder()) });
    context.after(() => server.kill());
    const mesh = server.url;
    const heard: unknown[] = [];
    const observe = (count: number) =>
      runCircuit({
        mesh,
        events: { maxAgeSeconds: 3_600, maxBytes: 1_048_576 },
        observers: [
          on(
            "log.*",
            async ({ data, at }, { id }) => {
              assert.ok(Math.abs(at - Date.now()) < 10_000);
              heard.push(`${data} ${id}`);
            },
            { durable: "log", count, concurrency: 4, retries: 0 },
          ),
        ],
      });
    // The first makes the stream.
    const first = observe(2);
    const other = new NatsMesh({ url: mesh });
    context.after(() => other.close());
    await other.join();
    for (;;) {
      const report = (await other.durable?.report()) ?? [];
      if (report.some(({ consumers }) => consumers.length > 0)) break;
    }
    await runCircuit({ ...storing("log.a", 7), mesh });
    await first;
    assert.deepEqual(heard, ["0 log.a-0", "1 log.a-1"]);
    await runCircuit({ ...storing("log.a", 8), mesh });
    await observe(6);
    assert.deepEqual(heard.length, 8);
    assert.deepEqual(new Set(heard).size, 8);
  },
);

test(
  "a durable observer's event that keeps failing is told of, with its id among the dead",
  options,
  async (context) => {
    const server = await startNats({ config: keepingBelow(temporaryFolder()) });
    context.after(() => server.kill());
    const stop = new AbortController();
    const tries: number[] = [];
    const told: unknown[] = [];
    const running = runCircuit(
      {
        mesh: server.url,
        observers: [
          on(
            "log",
            (_event, { deliveryCount }) => {
              tries.push(deliveryCount);
              throw new Error("no");
            },
            { durable: "log", retries: 1 },
          ),
          on("circuit.errors.>", ({ data }) => {
            told.push(Object(data).attempts);
            stop.abort(new Error("enough"));
          }),
        ],
      },
      { signal: stop.signal },
    );
    running.catch(() => {});
    const other = new NatsMesh({ url: server.url });
    context.after(() => other.close());
    await other.join();
    for (;;) {
      const report = (await other.durable?.report()) ?? [];
      if (report.some(({ consumers }) => consumers.length > 0)) break;
    }
    await other.durable?.publish("log", "x", { id: "one" });
    await assert.rejects(running, /enough/);
    assert.deepEqual(tries, [1, 2]);
    assert.deepEqual(told, [2]);
    for await (const { event } of other.durable?.dead() ?? []) assert.equal(event.id, "one");
  },
);

/** Gives an event up, so that the stream of the dead is there, and quick. */
async function buryOne(mesh: NatsMesh): Promise<void> {
  const dead = new Gate();
  const poison = () => {
    throw new GiveUp("poison");
  };
  const consumer = await mesh.durable.consume("poison", poison, {
    name: "poison",
    onDead: () => dead.arrive(),
  });
  await mesh.durable.publish("poison", "");
  await dead.arrivals(1);
  await consumer.drain();
}

/** Who is stopped, and how, while the handler runs. */
const STOPS = ["the circuit", "the observer"] as const;

for (const stopped of STOPS) {
  test(
    `a durable observer's event is handed back, not given up, when ${stopped} stops, without retries`,
    options,
    async (context) => {
      const server = await startNats({ config: keepingBelow(temporaryFolder()) });
      context.after(() => server.kill());
      const stop = new AbortController();
      const begun = new Gate();
      class Slow extends Sketch {
        override readonly usesBoard = false;
        override setup(): void {
          const observer = this.on(
            "log",
            async () => {
              begun.arrive();
              if (stopped === "the observer") observer.close();
              await new Promise(() => {});
            },
            { durable: "log", retries: 0, concurrency: 2 },
          );
        }
        override run(): Promise<void> {
          return new Promise(() => {});
        }
      }
      const running = runCircuit(
        { mesh: server.url, nodes: { slow: { sketch: Slow } } },
        { signal: stop.signal },
      );
      running.catch(() => {});
      const other = new NatsMesh({ url: server.url });
      context.after(() => other.close());
      await other.join();
      for (;;) {
        const report = (await other.durable?.report()) ?? [];
        if (report.some(({ consumers }) => consumers.length > 0)) break;
      }
      await buryOne(other);
      for (const id of ["one", "two"]) await other.durable?.publish("log", id, { id });
      await begun.arrivals(1);
      stop.abort(new Error("enough"));
      await assert.rejects(running, /enough/);
      const again: unknown[] = [];
      const handler = (_event: ObservedEvent, { id }: ObserverContext) => again.push(id);
      const observers = [on("log", handler, { durable: "log", retries: 0, count: 2 })];
      await runCircuit({ mesh: server.url, observers });
      assert.deepEqual(again.sort(), ["one", "two"]);
      for await (const { event } of other.durable.dead()) assert.equal(event.subject, "poison");
    },
  );
}

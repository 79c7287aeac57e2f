import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { type Random, seededRandom } from "../../../src/core/random.js";
import { MemoryQueues } from "../../../src/flow/cluster/memory-queues.js";
import { Flow } from "../../../src/flow/flow.js";
import { Manager } from "../../../src/flow/manager.js";
import { pipeline } from "../../../src/flow/pipeline.js";
import { processor } from "../../../src/flow/processor.js";
import type { FlowContext } from "../../../src/flow/source.js";
import { turns } from "../../contract/waiting.js";
import { cases } from "../../long.js";

const ITEMS = 60;

/** Machines of one flow that fail, hang, stop and begin again at random, until they are told to be good. */
class Machines {
  readonly clock = new ManualClock();
  readonly queues = new MemoryQueues({ clock: this.clock });
  readonly seen = new Map<number, number>();
  /** What was given up, by the part that has failed with it. */
  readonly dead = new Map<string, Set<number>>();
  readonly flows: Flow[] = [];
  isGood = false;
  #yielded = 0;
  readonly #random: Random;
  /** Whether the second connection is durable as well, on all of them. */
  readonly #hasTwo: boolean;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#hasTwo = this.below(2) === 0;
  }

  get #isBad(): boolean {
    return !this.isGood && this.#random() < 0.1;
  }

  below(most: number): number {
    return Math.floor(this.#random() * most);
  }

  get isFed(): boolean {
    return this.#yielded === ITEMS;
  }

  /** Every item is at its end, or among the dead. */
  get isThrough(): boolean {
    for (let n = 0; n < ITEMS; n++) {
      if (this.#isDead("split", n)) continue;
      for (const half of [2 * n, 2 * n + 1])
        if (!this.seen.has(half) && !this.#isDead("sink", half)) return false;
    }
    return true;
  }

  start(isFeeder = false): void {
    const source = () => this.#numbers(isFeeder);
    const split = processor(
      async (n: number, { clock }: FlowContext) => {
        if (this.#isBad) throw new Error("cannot split");
        if (this.#isBad) await new Promise(() => {});
        if (this.below(2) === 0) await clock.sleep(this.below(50));
        return [2 * n, 2 * n + 1];
      },
      { onError: this.below(2) === 0 ? "skip" : "restart", parallel: 1 + this.below(4), timeoutMs: 200 },
    );
    const sink = processor(
      (half: number) => {
        if (this.#isBad) throw new Error("cannot take it");
        this.seen.set(half, (this.seen.get(half) ?? 0) + 1);
      },
      { onError: "restart" },
    );
    const flow = new Flow({
      name: "desk",
      clock: this.clock,
      random: this.#random,
      queues: this.queues,
      onGivenUp: ({ part, item }) => {
        const dead = this.dead.get(part) ?? new Set();
        this.dead.set(part, dead.add(Number(item)));
      },
      managers: [
        new Manager({
          name: "m",
          restart: { most: 1_000_000, firstMs: 1, longestMs: 10 },
          graceMs: this.below(100),
          pipeline: pipeline({ sources: { numbers: source }, processors: { split, sink } }).connect([
            { from: "numbers", to: "split", durable: true, limit: 1 + this.below(8) },
            { from: "split", to: "sink", durable: this.#hasTwo },
          ]),
        }),
      ],
    });
    flow.start();
    this.flows.push(flow);
  }

  /** Stops one that feeds nothing, and checks its counts. */
  async stop(flow: Flow): Promise<void> {
    this.flows.splice(this.flows.indexOf(flow), 1);
    const stopping = flow.stop();
    await this.pass(200);
    const [status] = await stopping;
    for (const [name, counts] of Object.entries(status?.parts ?? {})) {
      const { in: came, dropped, handled, failed, abandoned, waiting, running } = counts;
      assert.equal(came, dropped + handled + failed + abandoned + waiting + running, name);
    }
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      this.clock.advance(20);
      await turns();
    }
  }

  *#numbers(isFeeder: boolean): Generator<number> {
    // What is lost with its source before it is stored is none of the queue's.
    while (isFeeder && this.#yielded < ITEMS) yield this.#yielded++;
  }

  #isDead(part: string, item: number): boolean {
    return this.dead.get(part)?.has(item) ?? false;
  }
}

test("machines that fail, hang, stop and begin again lose nothing: it is at its end, or among the dead", async (context) => {
  let twice = 0;
  for (let seed = 1; seed <= cases(12, 300); seed++) {
    const machines = new Machines(seed);
    machines.start(true);
    machines.start();
    for (let step = 0; step < 500 && !machines.isFed; step++) await machines.pass(20);
    assert.ok(machines.isFed, `seed ${seed}`);
    for (let step = 0; step < 15; step++) {
      await machines.pass(machines.below(200));
      const [oldest] = machines.flows;
      if (oldest !== undefined && machines.below(3) === 0) await machines.stop(oldest);
      if (machines.flows.length < 3) machines.start();
    }
    machines.isGood = true;
    // The last tries come after 16 s, and whoever hangs is told so after 200 ms.
    for (let step = 0; step < 100 && !machines.isThrough; step++) await machines.pass(200);
    assert.ok(machines.isThrough, `seed ${seed}`);
    for (const flow of [...machines.flows]) await machines.stop(flow);
    twice += [...machines.seen.values()].filter((times) => times > 1).length;
  }
  // Of an item that came again, the half that went well does, too.
  context.diagnostic(`${twice} came twice`);
});

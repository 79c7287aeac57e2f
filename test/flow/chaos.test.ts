import assert from "node:assert/strict";
import { test } from "node:test";
import { messageOf } from "../../src/core/error.js";
import { type Random, seededRandom } from "../../src/core/random.js";
import type { Overflow } from "../../src/flow/connection.js";
import type { ErrorPolicy } from "../../src/flow/part.js";
import type { NamedConnection } from "../../src/flow/pipeline.js";
import { processor, source } from "../../src/flow/processor.js";
import type { FlowContext } from "../../src/flow/source.js";
import { cases } from "../long.js";
import { Scene } from "./scene.js";

const MOST_RESTARTS = 4;
const LONGEST_MS = 400;
const WITHIN_MS = 2_000;
const TIMEOUT_MS = 150;

/** An item, and when it was made. */
interface Item {
  readonly life: number;
  readonly n: number;
}

/** A pipeline whose parts do at random what parts should not, and what was seen of it. */
class Chaos {
  readonly #random: Random;
  readonly #protocol: "sync" | "async";
  readonly #names: readonly string[];
  readonly #runsAlways: boolean;
  readonly scene: Scene;
  readonly livesAtMs: number[] = [];
  readonly arrived: Item[] = [];
  isOrdered = true;
  #opened = 0;
  #closed = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#protocol = this.#of("sync", "async", "async");
    this.#names = ["a", "b", "c", "d"].slice(0, 1 + Math.floor(this.#random() * 4));
    const connections = ["numbers", ...this.#names].map((from, index) =>
      this.#connection(from, this.#names[index] ?? "sink"),
    );
    this.#runsAlways = this.#random() < 0.3;
    this.scene = new Scene({
      protocol: this.#protocol,
      onError: this.#of<ErrorPolicy>("restart", "restart", "skip", "stop", "escalate"),
      runAlways: this.#runsAlways,
      restart: { firstMs: 50, longestMs: LONGEST_MS, most: MOST_RESTARTS, withinMs: WITHIN_MS },
      graceMs: 300,
      pipeline: {
        sources: { numbers: this.#source() },
        processors: {
          ...Object.fromEntries(this.#names.map((name) => [name, this.#processor(name)])),
          sink: (items: Item | readonly Item[]) => void this.arrived.push(...[items].flat()),
          side: this.#processor("side", false),
        },
        connections: [...connections, this.#connection("numbers", "side")],
      },
    });
  }

  /** Runs for so many steps of time, then stops it, and lets all of it end. */
  async run(steps: number): Promise<void> {
    const { flow, clock } = this.scene;
    flow.start();
    let isDone = false;
    const ended = () => {
      isDone = true;
    };
    flow.done.then(ended, ended);
    for (let step = 0; !isDone; step++) {
      if (step === steps) void flow.stop();
      assert.ok(step < steps + 100, "it does not stop");
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10);
    }
  }

  #of<Choice>(...choices: readonly Choice[]): Choice {
    const choice = choices[Math.floor(this.#random() * choices.length)];
    if (choice === undefined) throw new Error("There is no choice");
    return choice;
  }

  #connection(from: string, to: string): NamedConnection {
    if (this.#protocol === "sync") return { from, to };
    const limit = 1 + Math.floor(this.#random() * 8);
    const overflow = this.#of<Overflow>("block", "block", "block", "drop-oldest", "drop-newest", "latest");
    const batch = { count: limit, withinMs: this.#of(0, 10, 500) };
    return {
      from,
      to,
      limit,
      overflow,
      ...(to === "sink" && overflow !== "latest" && this.#random() < 0.3 && { batch }),
    };
  }

  #source() {
    const [items, hangs, throws] = [30 + this.#random() * 100, this.#random() < 0.2, this.#random() < 0.4];
    const [pause, isSync] = [this.#random(), this.#random() < 0.3];
    const yielded = function* (this: Chaos) {
      const life = this.livesAtMs.push(this.scene.clock.now());
      for (let n = 0; n < items; n++) {
        if (throws && this.#random() < 0.02) throw new Error("source");
        yield { life, n };
      }
    };
    if (isSync) return () => yielded.call(this);
    const random = this.#random;
    const make = () => yielded.call(this);
    return source(async function* ({ clock, signal }: FlowContext) {
      for (const item of make()) {
        yield item;
        if (random() < pause * 0.2) await clock.sleep(random() * 30, signal);
        // Deaf: it listens to the signal of no life, and stays.
        if (hangs && random() < 0.01) await new Promise(() => {});
      }
    });
  }

  #processor(name: string, isOnTheWay = true) {
    const random = this.#random;
    const [throwing, hanging, slow, many] = [
      random() * 0.05,
      random() * 0.01,
      random() * 0.5,
      random() * 0.1,
    ];
    const parallel = this.#protocol === "async" ? this.#of(1, 1, 4) : 1;
    const ordered = random() < 0.7;
    if (parallel > 1 && !ordered && isOnTheWay) this.isOrdered = false;
    const handle = (item: Item, { clock }: FlowContext) => {
      const dice = random();
      if (dice < throwing) throw new Error(name);
      if (dice < throwing + hanging) return new Promise<Item>(() => {});
      if (random() < many) return [item, item];
      if (random() < 0.05) return undefined;
      if (random() >= slow) return item;
      return clock.sleep(random() * 20).then(() => {
        if (random() < throwing) throw new Error(`${name} later`);
        return item;
      });
    };
    const policies: ErrorPolicy[] = ["skip", "skip", "restart"];
    const onError = random() < 0.5 ? { onError: this.#of(...policies) } : {};
    const failing = random() < 0.1 ? 0.2 : 0;
    const lifecycle = {
      open: () => {
        this.#opened++;
        if (random() < failing) throw new Error(`${name} cannot open`);
      },
      close: () => {
        this.#closed++;
        if (random() < failing) throw new Error(`${name} cannot close`);
      },
    };
    return processor(Object.assign(handle, lifecycle), {
      timeoutMs: TIMEOUT_MS,
      parallel,
      ordered,
      ...onError,
    });
  }

  /** Every item that came to a part is accounted for, and every one emitted came to the next. */
  checkCounts(): void {
    const { parts, connections } = this.scene.status;
    let [givenUp, out] = [0, parts.numbers?.out];
    for (const name of ["side", ...this.#names, "sink"]) {
      const part = parts[name];
      assert.ok(part);
      const { dropped, handled, failed, abandoned, waiting, running } = part;
      assert.equal(part.in, dropped + handled + failed + abandoned, `${name}: in = out + …`);
      assert.deepEqual([waiting, running], [0, 0], `${name}: nothing waits`);
      assert.equal(part.untaken, name === "side" ? part.out : 0);
      assert.equal(part.in, out, `${name}: what was emitted came`);
      const onConnections = connections.filter(({ to }) => to === name);
      assert.equal(
        onConnections.reduce((sum, connection) => sum + connection.dropped, 0),
        dropped,
      );
      givenUp += failed + abandoned;
      if (name !== "side") out = part.out;
    }
    assert.equal(this.scene.givenUp.length, givenUp, "what is given up is handed on");
    assert.equal(this.arrived.length, parts.sink?.handled);
  }

  checkOrder(): void {
    if (!this.isOrdered) return;
    for (const [index, item] of this.arrived.entries()) {
      const before = this.arrived[index - 1];
      if (before === undefined || before.life !== item.life) continue;
      assert.ok(item.n >= before.n, `${item.n} after ${before.n} in life ${item.life}`);
    }
  }

  checkRestarts(): void {
    const failed = this.scene.failures.filter(({ policy }) => policy === "given up").length;
    assert.ok(failed <= 1, "it is given up once");
    const { restarts, state } = this.scene.status;
    assert.ok(this.livesAtMs.length <= restarts + 1);
    assert.ok(["finished", "stopped", "failed"].includes(state), state);
    if (this.#runsAlways) return;
    // A life begins at most LONGEST_MS after the failure that it counts from.
    for (const atMs of this.livesAtMs) {
      const lives = this.livesAtMs.filter((other) => other >= atMs && other < atMs + WITHIN_MS - LONGEST_MS);
      assert.ok(lives.length <= MOST_RESTARTS + 1, `${lives.length} lives from ${atMs} ms on`);
    }
  }

  checkLeaks(): void {
    assert.ok(this.#opened > 0);
    assert.equal(this.#closed, this.#opened, "whatever was opened is closed");
    // Handlers that nobody waits for sleep to their end.
    this.scene.clock.advance(20);
    assert.equal(this.scene.clock.pending, 0, "no timer is left");
  }
}

test("chaos: parts throw, hang, end and leak at random, and every item is accounted for", async () => {
  const states = new Map<string, number>();
  for (let seed = 1; seed <= cases(60, 2_000); seed++) {
    const chaos = new Chaos(seed);
    try {
      await chaos.run(300);
      chaos.checkCounts();
      chaos.checkOrder();
      chaos.checkRestarts();
      chaos.checkLeaks();
    } catch (problem) {
      throw new Error(`seed ${seed}: ${messageOf(problem)}`, { cause: problem });
    }
    const { state } = chaos.scene.status;
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  assert.equal(states.size, 3, `only ${[...states.keys()]} came up`);
});

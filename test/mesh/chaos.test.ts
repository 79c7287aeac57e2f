import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { type Random, seededRandom } from "../../src/core/random.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import { openMemoryLink } from "../../src/mesh/memory/memory-link.js";
import type { Delivery } from "../../src/mesh/mesh.js";
import { Node } from "../../src/mesh/node.js";
import type { DialPeer } from "../../src/mesh/peer.js";
import { Sender } from "../../src/mesh/sender.js";
import { LinkCutter } from "../contract/link-cutter.js";
import { cases } from "../long.js";

const LIMITS = { ...DEFAULT_LIMITS, outstanding: 8 };
const STEPS = 150;

/** What may happen: everything, or only that after which nothing may be lost or unknown. */
const WEATHER = ["storm", "cuts", "restarts"] as const;
type Weather = (typeof WEATHER)[number];
const NAMES = ["n0", "n1"] as const;

/** One life of a node, and what happened in it. */
interface Life {
  readonly number: number;
  readonly node: Node;
  isOver: boolean;
  readonly runs: number[];
  /** Messages that it answered while it lived, and those whose handler threw. */
  readonly answered: Set<number>;
  readonly threw: Set<number>;
}

/** A message, and what became of it. */
interface Letter {
  readonly id: number;
  /** Sender, target and channel. */
  readonly way: string;
  readonly repeats: boolean;
  outcome: string | undefined;
}

/** A few nodes and senders in one process, to which anything may happen. */
class World {
  readonly clock = new ManualClock();
  readonly letters: Letter[] = [];
  readonly lives: Life[] = [];
  readonly weather: Weather;
  readonly #random: Random;
  readonly #cutters = new Map<string, LinkCutter>();
  readonly #current = new Map<string, Life>();
  readonly #expected = new Set<{ readonly target: string; arrived(): void }>();
  readonly #senders: Sender[];
  readonly #work: Promise<unknown>[] = [];
  #unsettled = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.weather = WEATHER[seed % WEATHER.length] ?? "storm";
    for (const name of NAMES) {
      this.#cutters.set(name, new LinkCutter(this.#dial));
      this.#serve(name);
    }
    this.#senders = [0, 1].map(
      () =>
        new Sender({
          dial: (target, dialing, waitMs) => this.#cutterOf(target).dial(target, dialing, waitMs),
          clock: this.clock,
          limits: LIMITS,
          patienceMs: 10_000,
          notice: undefined,
          schedule: queueMicrotask,
        }),
    );
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      this.#act();
      await this.#pass(this.#below(100));
    }
    for (const name of NAMES) {
      this.#cutterOf(name).unblock();
      if (!this.#current.has(name)) this.#serve(name);
    }
    for (let turn = 0; this.#unsettled > 0 && turn < 3_000; turn++) await this.#pass(50);
    for (const sender of this.#senders) sender.close();
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  async #pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }

  #act(): void {
    const name = NAMES[this.#below(NAMES.length)] ?? "n0";
    const dice = this.#below(100);
    if (dice < 50) this.#send(name);
    else if (dice < 60) this.#stream(name);
    else if (this.weather !== "restarts" && dice < 90) this.#disturb(name, dice);
    else if (this.weather !== "cuts" && dice >= 95) this.#drain(name);
    else if (this.weather === "storm" && dice < 92) this.clock.advance(this.#below(65_000));
    else if (this.weather === "storm" && dice < 94) this.#kill(name);
    else if (!this.#current.has(name) && this.weather === "storm") this.#serve(name);
  }

  #disturb(name: string, dice: number): void {
    const cutter = this.#cutterOf(name);
    if (dice < 75) cutter.cutAll();
    else if (dice < 80) cutter.block();
    else cutter.unblock();
  }

  #newLetter(way: string, repeats: boolean): Letter {
    const letter: Letter = { id: this.letters.length, way, repeats, outcome: undefined };
    this.letters.push(letter);
    this.#unsettled++;
    return letter;
  }

  #settled(letter: Letter, outcome: string): void {
    assert.equal(letter.outcome, undefined, `message ${letter.id} settled twice`);
    letter.outcome = outcome;
    this.#unsettled--;
  }

  #pick(target: string) {
    const from = this.#below(this.#senders.length);
    const channel = `c${this.#below(3)}`;
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    if (this.#below(6) === 0)
      this.clock.after(this.#below(1_000), () => controller.abort(new Error("aborted")));
    const retry = this.#below(3) === 0 ? "repeat" : "never";
    // The cast: there is one of that number.
    const sender = this.#senders[from] as Sender;
    return {
      sender,
      way: `${from}>${target}/${channel}`,
      options: { channel, retry, signal: controller.signal } as const,
    };
  }

  #send(target: string): void {
    const { sender, way, options } = this.#pick(target);
    for (let count = 1 + this.#below(12); count > 0; count--) {
      const letter = this.#newLetter(way, options.retry === "repeat");
      sender.send(target, letter.id, options).then(
        (ack) => this.#settled(letter, `ack ${ack}`),
        (error) => this.#settled(letter, String(error.code ?? error.message)),
      );
    }
  }

  #stream(target: string): void {
    const { sender, way, options } = this.#pick(target);
    const open: Letter[] = [];
    const make = (count: number) =>
      function* (this: World) {
        for (let index = 0; index < count; index++) {
          const letter = this.#newLetter(way, options.retry === "repeat");
          open.push(letter);
          yield letter.id;
        }
      };
    const read = async () => {
      let outcome = "ended";
      try {
        for await (const ack of sender.stream(target, make(this.#below(30)).call(this), options)) {
          const letter = open.shift();
          assert.ok(letter);
          this.#settled(letter, `ack ${ack}`);
        }
      } catch (error) {
        // The cast: whatever was thrown, it is asked for a code.
        const { code, message } = error as { code?: string; message: string };
        outcome = String(code ?? message);
      }
      // The first is what failed; the others were given up with it.
      for (const [index, letter] of open.entries()) this.#settled(letter, index === 0 ? outcome : "given up");
    };
    this.#work.push(read());
  }

  #serve(name: string): void {
    const node = new Node({
      name,
      clock: this.clock,
      limits: LIMITS,
      schedule: queueMicrotask,
      handler: (delivery) => this.#handle(life, delivery),
    });
    const life: Life = {
      number: this.lives.length,
      node,
      isOver: false,
      runs: [],
      answered: new Set(),
      threw: new Set(),
    };
    this.lives.push(life);
    this.#current.set(name, life);
    for (const expectation of [...this.#expected]) if (expectation.target === name) expectation.arrived();
  }

  #handle(life: Life, { message }: Delivery): unknown {
    const id = Number(message);
    life.runs.push(id);
    const fate = this.#below(10);
    const answer = () => {
      if (life.isOver) return new Promise(() => {});
      if (fate === 9) {
        life.threw.add(id);
        throw new Error("no");
      }
      life.answered.add(id);
      return `${life.number}`;
    };
    return fate < 5 ? answer() : this.clock.sleep(this.#below(300)).then(answer);
  }

  #kill(name: string): void {
    const life = this.#current.get(name);
    if (life === undefined) return;
    this.#current.delete(name);
    life.isOver = true;
    this.#cutterOf(name).cutAll();
    void life.node.close();
  }

  #drain(name: string): void {
    const life = this.#current.get(name);
    if (life === undefined) return;
    this.#current.delete(name);
    void life.node.close().then(() => {
      life.isOver = true;
      if (!this.#current.has(name)) this.#serve(name);
    });
  }

  #cutterOf(name: string): LinkCutter {
    // The cast: there is one for each name.
    return this.#cutters.get(name) as LinkCutter;
  }

  readonly #dial: DialPeer = (target, dialing) => {
    let close = () => {};
    const expectation = {
      target,
      arrived: () => {
        const life = this.#current.get(target);
        if (life === undefined) return;
        this.#expected.delete(expectation);
        close = openMemoryLink(life.node, dialing);
      },
    };
    this.#expected.add(expectation);
    expectation.arrived();
    return () => {
      this.#expected.delete(expectation);
      close();
    };
  };
}

/** What must hold, whatever happened. */
function check({ letters, lives, weather }: World): void {
  for (const { number, runs, answered } of lives) {
    assert.equal(new Set(runs).size, runs.length, `life ${number} ran a message twice`);
    const last = new Map<string, number>();
    for (const id of runs) {
      const way = letters[id]?.way ?? "";
      assert.ok((last.get(way) ?? -1) < id, `life ${number} ran ${id} after ${last.get(way)} on ${way}`);
      last.set(way, id);
    }
    for (const id of answered) assert.ok(runs.includes(id));
  }
  for (const { id, repeats, outcome } of letters) {
    const ran = lives.filter(({ runs }) => runs.includes(id));
    assert.notEqual(outcome, undefined, `message ${id} has not ended`);
    if (!repeats) assert.ok(ran.length <= 1, `message ${id} ran in ${ran.length} lives`);
    if (outcome?.startsWith("ack ")) {
      const life = lives[Number(outcome.slice(4))];
      assert.ok(life?.answered.has(id), `message ${id}: ${outcome} was not earned`);
    } else if (outcome === "PEER_REFUSED") {
      assert.ok(
        ran.some(({ threw }) => threw.has(id)),
        `message ${id} was not refused`,
      );
    } else if (outcome === "DELIVERY_UNKNOWN") {
    } else if (outcome === "PEER_MISSING" || outcome === "PEER_LOST" || outcome === "NOT_RUN") {
      if (outcome !== "PEER_MISSING") assert.equal(weather, "storm", `message ${id}: ${outcome}`);
      assert.equal(ran.length, 0, `message ${id} ran, and its sender heard ${outcome}`);
    } else {
      assert.ok(["aborted", "given up", "ended"].includes(outcome ?? ""), `message ${id}: ${outcome}`);
    }
  }
}

test("Sessions keep their promises whatever happens to links and receivers", async () => {
  const outcomes = new Map<string, number>();
  for (let seed = 1; seed <= cases(25, 460); seed++) {
    const world = new World(seed);
    try {
      await world.run();
      check(world);
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
    for (const { outcome = "" } of world.letters) {
      const kind = outcome.replace(/ \d+/, "");
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }
  }
  for (const kind of ["ack", "PEER_REFUSED", "DELIVERY_UNKNOWN", "aborted"])
    assert.ok((outcomes.get(kind) ?? 0) > 0, `nothing ended as ${kind}: ${[...outcomes].join(" ")}`);
});

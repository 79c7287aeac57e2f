import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { cases } from "../../long.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { Child } from "../child.js";
import { addressOf, joinHosts, plugIn, skipWithoutNamespaces, unplug, within } from "../namespaces.js";
import { readDiary } from "./diary.js";
import { checkDiaries, type Outcomes } from "./model.js";
import type { Mood } from "./proxy.js";

const COUNT = cases(5_000, 50_000);

/** Longer than a peer may be silent, in milliseconds: see meshes.ts. */
const LONG_CUT_MS = 1_500;
const SHORT_CUT_MS = 200;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Receiver {
  readonly space: string;
  readonly address: string;
  readonly diary: string;
  readonly proxy: Child;
}

/** A sender on the first host, and a receiver on each of the others, which nobody reaches but through its proxy. */
class Lan {
  readonly spaces: readonly string[];
  readonly receivers: Receiver[] = [];
  readonly senderDiary: string;
  readonly sender: Child;
  readonly #context: TestContext;
  readonly #folder = temporaryFolder();

  constructor(context: TestContext, hosts: number) {
    this.#context = context;
    this.spaces = joinHosts(context, hosts);
    this.senderDiary = join(this.#folder, "sender");
    this.sender = this.#start(0, "sender");
  }

  async open(): Promise<this> {
    for (let host = 1; host < this.spaces.length; host++) this.receivers.push(await this.#openReceiver(host));
    const grid = Object.fromEntries(this.receivers.map(({ address }, index) => [`node${index}`, address]));
    await this.sender.ask("open", { engine: "ws", grid }, this.senderDiary, 0);
    return this;
  }

  /** Sends so many messages to a receiver. */
  async stream(target: string, count: number): Promise<void> {
    await this.sender.ask("post", { target, channel: "c", count, retry: "never", isStream: true });
  }

  /** How many acks are in. */
  get acked(): number {
    return readDiary(this.senderDiary).filter(([word]) => word === "ack").length;
  }

  /** Resolves when so many acks are in. */
  async untilAcked(count: number): Promise<void> {
    for (let waits = 0; this.acked < count; waits++) {
      assert.ok(waits < 2_000, `${this.acked} of ${count} acks are in`);
      await pause(10);
    }
  }

  /** Asserts that every message ran once, in order, and was acknowledged. */
  async assertWhole(count: number): Promise<void> {
    await this.sender.ask("settled");
    const receivers = new Map(this.receivers.map(({ diary }, index) => [index, readDiary(diary)]));
    const outcomes: Outcomes = new Map();
    checkDiaries({ receivers, senders: [{ hasDied: false, lines: readDiary(this.senderDiary) }] }, outcomes);
    assert.deepEqual([...outcomes], [["ack", count]]);
  }

  async #openReceiver(host: number): Promise<Receiver> {
    const diary = join(this.#folder, `receiver${host}`);
    const serving = { mesh: { engine: "ws", grid: {} }, name: `node${host - 1}`, life: host - 1, diary };
    const port = await this.#start(host, "receiver").ask<number>("serve", { ...serving, isCalm: true });
    const proxy = this.#start(host, "proxy");
    const outer = await proxy.ask<number>("open", addressOf(host), port);
    return {
      space: this.spaces[host] ?? "",
      address: `ws://${addressOf(host)}:${outer}`,
      diary,
      proxy,
    };
  }

  #start(host: number, what: "sender" | "receiver" | "proxy"): Child {
    const file = new URL(`./${what}-end.js`, import.meta.url);
    return new Child(this.#context, file, { within: within(this.spaces[host] ?? "") });
  }
}

const MOODS: readonly (readonly [string, Partial<Mood>])[] = [
  ["delays", { delayMs: 30 }],
  ["splits into single bytes", { pieceBytes: 1 }],
  ["merges and splits anywhere", { delayMs: 5, pieceBytes: 50 }],
  ["cuts after a while", { cutAfterBytes: 3_000 }],
  ["does all of that", { delayMs: 5, pieceBytes: 1, cutAfterBytes: 2_000 }],
];

describe("Between hosts", { skip: skipWithoutNamespaces, timeout: 300_000, concurrency: 3 }, () => {
  for (const [what, mood] of MOODS) {
    test(`a stream arrives once and in order through what ${what}`, async (context) => {
      const lan = await new Lan(context, 2).open();
      await lan.receivers[0]?.proxy.ask("become", mood);
      await lan.stream("node0", COUNT / 5);
      await lan.assertWhole(COUNT / 5);
    });
  }

  test("a stream goes on when a plug is pulled and put back, soon or late", async (context) => {
    const lan = await new Lan(context, 2).open();
    const space = lan.receivers[0]?.space ?? "";
    // Slow enough to be interrupted.
    await lan.receivers[0]?.proxy.ask("become", { delayMs: 10 });
    await lan.stream("node0", COUNT);
    for (const cutMs of [SHORT_CUT_MS, LONG_CUT_MS, SHORT_CUT_MS]) {
      await lan.untilAcked(lan.acked + 100);
      unplug(space);
      await pause(cutMs);
      plugIn(space);
    }
    await lan.assertWhole(COUNT);
  });

  test("a host that falls silent does not hold up another", async (context) => {
    const lan = await new Lan(context, 3).open();
    const [first] = lan.receivers;
    await lan.stream("node0", 1);
    await lan.untilAcked(1);
    unplug(first?.space ?? "");
    await lan.stream("node0", 100);
    await lan.stream("node1", COUNT);
    await lan.untilAcked(1 + COUNT);
    plugIn(first?.space ?? "");
    await lan.assertWhole(101 + COUNT);
  });
});

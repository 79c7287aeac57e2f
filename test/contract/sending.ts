import assert from "node:assert/strict";
import type { Delivery, Handler, Mesh } from "../../src/mesh/mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { collect, Gate, turns } from "./waiting.js";

/** A sender and nodes, of which as many messages as 16 may be without an ack on a channel. */
export interface SendingRig {
  readonly sender: Pick<Mesh, "send" | "stream">;
  serve(name: string, handler: Handler): Promise<unknown>;
}

export type SendingStory = (name: string, run: (rig: SendingRig) => Promise<void>) => void;

/** What a sender and a node promise each other over every protocol. */
export function testSending(story: SendingStory): void {
  testOrder(story);
  testStreams(story);
  testThrown(story);
}

/** An answer that cannot be sent fails its message, given at once or later. */
export function testUnsendable(story: SendingStory, what: string, answer: unknown): void {
  story(`an answer that is ${what} counts as a failure`, async ({ sender, serve }) => {
    await serve("sync", () => answer);
    await serve("async", async () => answer);
    await assert.rejects(sender.send("sync", "1"), { code: "PEER_REFUSED" });
    await assert.rejects(sender.send("async", "1"), { code: "PEER_REFUSED" });
  });
}

function testOrder(story: SendingStory): void {
  story("keeps the order of messages and of acks, however long each takes", async ({ sender, serve }) => {
    const heard: Payload[] = [];
    await serve("echo", ({ message }) => {
      heard.push(message);
      return Number(message) % 3 === 0 ? Promise.resolve(message) : message;
    });
    const messages = Array.from({ length: 500 }, (_, index) => `${index}`);
    assert.deepEqual(await Promise.all(messages.map((message) => sender.send("echo", message))), messages);
    assert.deepEqual(heard, messages);
    assert.deepEqual(await collect(sender.stream("echo", messages)), messages);
    assert.deepEqual(await collect(sender.stream("echo", later(messages))), messages);
  });

  story("runs one message of a channel at a time, and channels at the same time", async (rig) => {
    const gate = new Gate();
    let running = 0;
    let most = 0;
    await rig.serve("slow", async ({ channel }) => {
      most = Math.max(most, ++running);
      gate.arrive();
      await gate.open;
      running--;
      return channel;
    });
    const acks = ["a", "a", "b", "b", "c"].map((channel) => rig.sender.send("slow", "1", { channel }));
    await gate.arrivals(3);
    await turns();
    gate.release();
    assert.deepEqual(await Promise.all(acks), ["a", "a", "b", "b", "c"]);
    assert.equal(most, 3);
  });
}

function testStreams(story: SendingStory): void {
  story("a stream starts at once, and sends as far ahead as may be outstanding", async (rig) => {
    const gate = new Gate();
    await rig.serve("slow", async ({ message }) => {
      gate.arrive();
      await gate.open;
      return message;
    });
    let pulled = 0;
    function* endless() {
      for (;;) yield `${pulled++}`;
    }
    const acks = rig.sender.stream("slow", endless());
    await gate.arrivals(1);
    await turns();
    assert.equal(pulled, 16, "outstanding messages");
    gate.release();
    assert.deepEqual(await acks.next(), { value: "0", done: false });
    await turns();
    assert.equal(pulled, 17, "acks that nobody takes count");
    await acks.return?.();
    await turns();
    assert.equal(pulled, 17);
  });

  story("a stream rejects after the acks that came before, once", async ({ sender, serve }) => {
    await serve("fragile", ({ message }) => {
      if (message === "bad") throw new Error("no");
      return message;
    });
    const acks = sender.stream("fragile", ["a", "b", "bad", "c"]);
    assert.deepEqual(await acks.next(), { value: "a", done: false });
    assert.deepEqual(await acks.next(), { value: "b", done: false });
    await assert.rejects(acks.next(), { code: "PEER_REFUSED" });
    assert.deepEqual(await acks.next(), { value: undefined, done: true });
  });

  for (const how of ["abort", "return"] as const) {
    story(`a stream that ends early (${how}) stops source and receiver`, (rig) => endEarly(rig, how));
  }
}

async function endEarly({ sender, serve }: SendingRig, how: "abort" | "return"): Promise<void> {
  const gate = new Gate();
  const told = new Gate();
  const heard: Delivery[] = [];
  await serve("slow", async (delivery) => {
    heard.push(delivery);
    delivery.signal.addEventListener("abort", () => told.arrive());
    gate.arrive();
    await gate.open;
  });
  const controller = new AbortController();
  let isClosed = false;
  function* endless() {
    try {
      for (;;) yield "1";
    } finally {
      isClosed = true;
    }
  }
  const acks = sender.stream("slow", endless(), { signal: controller.signal });
  await gate.arrivals(1);
  if (how === "abort") {
    controller.abort(new Error("enough"));
    await assert.rejects(acks.next(), /^Error: enough$/);
  } else {
    await acks.return?.();
  }
  assert.deepEqual(await acks.next(), { value: undefined, done: true });
  assert.ok(isClosed);
  await told.arrivals(1);
  gate.release();
  await turns();
  assert.equal(heard.length, 1, "messages that ran");
  assert.equal(await sender.send("slow", "2"), "n/a");
  assert.equal(heard.length, 2, "messages that ran");
}

function testThrown(story: SendingStory): void {
  const thrown: readonly (readonly [string, () => unknown, RegExp])[] = [
    ["a text", () => "nothing there", /: nothing there$/],
    ["undefined", () => undefined, /: undefined$/],
    ["an error without a text", () => new Error(""), /: the handler failed$/],
    ["an object without a text", () => Object.create(null), /: the handler failed$/],
    ["124 bytes", () => new Error("x".repeat(124)), /: x{120}…$/],
    ["snowmen", () => new Error("☃".repeat(100)), /: ☃{40}…$/],
    ["bells", () => new Error("🔔".repeat(100)), /: (?:🔔){30}…$/u],
  ];
  for (const [what, make, reason] of thrown) {
    story(`a handler that throws ${what} says so in 123 bytes`, async ({ sender, serve }) => {
      await serve("fragile", () => {
        throw make();
      });
      await assert.rejects(sender.send("fragile", "1"), { code: "PEER_REFUSED", message: reason });
    });
  }

  testUnsendable(story, "too long", "x".repeat(65_537));
}

async function* later(messages: Iterable<string>): AsyncGenerator<string> {
  for (const message of messages) yield message;
}

import assert from "node:assert/strict";
import type { Json, Payload } from "../../../src/mesh/payload.js";
import { codeOf, collect, Gate } from "../waiting.js";
import type { Story } from "./stage.js";

export function testPayloads(story: Story): void {
  const kept: readonly Payload[] = [
    "1",
    "♪ 440 Hz 🔔",
    "\0",
    "\ufeffbom",
    "x".repeat(65_536),
    new Uint8Array([0, 1, 127, 128, 255]),
    new Uint8Array(65_536),
    new Uint8Array(0),
    0,
    -1.5,
    true,
    false,
    [],
    [1, "a", null, [{}]],
    { level: 1, unit: "°C", nested: { empty: {} } } satisfies Json,
  ];
  story("keeps a payload's type and value, both ways, at once or later", async ({ sender, serve }) => {
    const heard: Payload[] = [];
    await serve("sync", ({ message }) => {
      heard.push(message);
      return message;
    });
    await serve("async", async ({ message }) => message);
    for (const payload of kept) {
      assert.deepEqual(plain(await sender.send("sync", payload)), payload);
      assert.deepEqual(plain(await sender.send("async", payload)), payload);
    }
    assert.deepEqual(heard.map(plain), kept);
    const acks: Payload[] = [];
    for await (const ack of sender.stream("sync", kept)) acks.push(plain(ack));
    assert.deepEqual(acks, kept);
  });

  story("acks nothing as n/a", async ({ sender, serve }) => {
    for (const [index, nothing] of [undefined, null, ""].entries()) {
      await serve(`sync${index}`, () => nothing);
      await serve(`async${index}`, async () => nothing);
      assert.equal(await sender.send(`sync${index}`, "1"), "n/a");
      assert.equal(await sender.send(`async${index}`, "1"), "n/a");
    }
  });

  story("hands over an empty text, null, and any channel", async ({ sender, serve }) => {
    await serve("echo", ({ channel, message }) => [channel, message]);
    for (const channel of ["", "datafeed", "/a//b/", "50 %", "?x=1#y", "ä☃🔔", "x".repeat(255)]) {
      assert.deepEqual(await sender.send("echo", "", { channel }), [channel, ""]);
      assert.deepEqual(await sender.send("echo", null, { channel }), [channel, null]);
    }
  });

  story("refuses to send what no frame can carry", async ({ sender, serve }) => {
    await serve("node", () => assert.fail("delivered"));
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    // The casts: what a program without types may hand over.
    for (const wrong of ["\ud83d", "x".repeat(65_537), new Uint8Array(65_537), loop, undefined, 1n]) {
      await assert.rejects(sender.send("node", wrong as Payload), { code: "MESSAGE_INVALID" });
      await assert.rejects(collect(sender.stream("node", [wrong as Payload])), { code: "MESSAGE_INVALID" });
    }
    await assert.rejects(sender.send("node", "1", { channel: "x".repeat(256) }), { code: "MESSAGE_INVALID" });
  });
}

export function testConcurrency(story: Story): void {
  for (const how of ["send", "stream"] as const) {
    story(`${how}() matches acks that come in another order, where more run at once`, async (stage) => {
      const gates = [new Gate(), new Gate(), new Gate(), new Gate()];
      const started = new Gate();
      await stage.serve(
        "slow",
        async ({ message }) => {
          started.arrive();
          await gates[Number(message)]?.open;
          return `ack ${message}`;
        },
        3,
      );
      const messages = ["0", "1", "2", "3"];
      const sent = messages.map((message) =>
        how === "send" ? stage.sender.send("slow", message) : undefined,
      );
      const streamed = how === "stream" ? collect(stage.sender.stream("slow", messages)) : undefined;
      await started.arrivals(3);
      gates[2]?.release();
      gates[3]?.release();
      await started.arrivals(4);
      if (how === "send") assert.deepEqual(await Promise.all(sent.slice(2)), ["ack 2", "ack 3"]);
      gates[1]?.release();
      gates[0]?.release();
      const acks = streamed ?? Promise.all(sent);
      assert.deepEqual(
        await acks,
        messages.map((message) => `ack ${message}`),
      );
    });
  }
}

export function testBounds(story: Story): void {
  story("a stream is never further ahead of its acks than a window", async ({ sender, serve }) => {
    await serve("echo", ({ message }) => message);
    let pulled = 0;
    let most = 0;
    async function* numbers() {
      for (; pulled < 20_000; pulled++) yield pulled;
    }
    let acked = 0;
    for await (const ack of sender.stream("echo", numbers())) {
      assert.equal(ack, acked++);
      most = Math.max(most, pulled - acked);
    }
    assert.equal(acked, 20_000);
    assert.ok(most <= 16, `${most} ahead`);
  });

  story("what waits for room is bounded, and the rest refused", async ({ sender, serve }) => {
    await serve("echo", ({ message }) => message);
    const results = await Promise.allSettled(
      Array.from({ length: 2_100 }, (_, index) => sender.send("echo", index)),
    );
    const outcomes = results.map(codeOf);
    assert.equal(outcomes.filter((outcome) => outcome === "NOT_RUN").length, 100);
    assert.deepEqual(
      outcomes.filter((outcome) => outcome !== "NOT_RUN"),
      Array.from({ length: 2_000 }, (_, index) => `${index}`),
    );
  });

  story("long acks of many messages are kept within bounds, and all arrive", async ({ sender, serve }) => {
    const long = new Uint8Array(65_536);
    await serve("long", () => long);
    let acked = 0;
    for await (const ack of sender.stream("long", new Array<string>(300).fill("1")))
      acked += (ack as Uint8Array).length / 65_536;
    assert.equal(acked, 300);
  });
}

/** Bytes of whichever class, to be compared. */
function plain(payload: Payload): Payload {
  return payload instanceof Uint8Array ? new Uint8Array(payload) : payload;
}

import assert from "node:assert/strict";
import { type OpenRig, type Story, storyOf, testMesh } from "./mesh.js";
import { type SendingStory, testSending, testUnsendable } from "./sending.js";
import { codeOf, collect, Gate } from "./waiting.js";

/** What a mesh promises of the plain protocol. */
export function testPlainMesh(kind: string, open: OpenRig): void {
  testMesh(kind, open);
  const story = storyOf(kind, open);
  const sending: SendingStory = (name, run) => story(name, ({ near, serve }) => run({ sender: near, serve }));
  testSending(sending);
  testUnsendable(sending, "without a text", Object.create(null));
  testAnswers(story);
  testReading(story);
  testFailures(story);
  testLeaving(story);
  testAborting(story);
  testClosing(story);
}

function testAnswers(story: Story): void {
  const answers: readonly (readonly [string, unknown, string])[] = [
    ["a text", "buzz", "buzz"],
    ["undefined", undefined, "n/a"],
    ["null", null, "n/a"],
    ["an empty text", "", "n/a"],
    ["zero", 0, "0"],
    ["false", false, "false"],
    ["an array", [1, 0], "1,0"],
    ["an empty array", [], "n/a"],
    ["text beyond ASCII", "♪ 440 Hz 🔔", "♪ 440 Hz 🔔"],
    ["half a surrogate pair", "\ud83d!", "\ufffd!"],
    ["126 bytes, a longer header", "x".repeat(126), "x".repeat(126)],
    ["65 536 bytes, the longest", "x".repeat(65_536), "x".repeat(65_536)],
  ];
  for (const [what, answer, ack] of answers) {
    story(`acks ${what}, at once or later`, async ({ near, serve }) => {
      await serve("sync", () => answer);
      await serve("async", async () => answer);
      assert.equal(await near.send("sync", "1"), ack);
      assert.equal(await near.send("async", "1"), ack);
    });
  }

  for (const message of ["", "1", "ä☃🔔", "\0", "x".repeat(125), "x".repeat(65_536)]) {
    story(`carries ${message.length} characters (${JSON.stringify(message.slice(0, 5))})`, async (rig) => {
      await rig.serve("echo", ({ message: heard }) => `<${String(heard).slice(0, 65_530)}>`);
      assert.equal(await rig.near.send("echo", message), `<${message.slice(0, 65_530)}>`);
    });
  }

  for (const channel of ["", "datafeed", "a/b", "/a", "a//b/", "50 %", "?x=1#y", "ä☃🔔", "..a", "a\\b"]) {
    story(`hands over the channel ${JSON.stringify(channel)}`, async ({ near, serve }) => {
      await serve("echo", ({ channel: heard }) => `<${heard}>`);
      assert.equal(await near.send("echo", "1", { channel }), `<${channel}>`);
    });
  }

  const refused: readonly (readonly [string, string, string])[] = [
    ["half a surrogate pair", "\ud83d", ""],
    ["a message over the limit", "x".repeat(65_537), ""],
    ["a message over the limit in bytes", "☃".repeat(21_846), ""],
    ["a channel over the limit", "1", "x".repeat(256)],
    ["a channel that URLs resolve", "1", "a/../b"],
    ["a channel with half a surrogate pair", "1", "\udc00"],
  ];
  for (const [what, message, channel] of refused) {
    story(`refuses to send ${what}`, async ({ near, serve }) => {
      await serve("echo", () => assert.fail("delivered"));
      await assert.rejects(near.send("echo", message, { channel }), { code: "MESSAGE_INVALID" });
      await assert.rejects(collect(near.stream("echo", [message], { channel })), { code: "MESSAGE_INVALID" });
    });
  }
}

function testReading(story: Story): void {
  story("a stream starts before it is iterated", async ({ near, serve }) => {
    const gate = new Gate();
    await serve("node", () => gate.arrive());
    near.stream("node", ["1"]);
    await gate.arrivals(1);
  });

  story("a stream of nothing ends, and a text streams its characters", async ({ near, serve }) => {
    await serve("echo", ({ message }) => message);
    assert.deepEqual(await collect(near.stream("echo", [])), []);
    assert.deepEqual(await collect(near.stream("echo", "101")), ["1", "0", "1"]);
  });

  story("a stream may be read ahead by its reader", async ({ near, serve }) => {
    await serve("echo", ({ message }) => message);
    const acks = near.stream("echo", ["1", "2"]);
    const results = await Promise.all([acks.next(), acks.next(), acks.next(), acks.next()]);
    assert.deepEqual(
      results.map(({ value, done }) => (done === true ? "done" : value)),
      ["1", "2", "done", "done"],
    );
  });

  story("delivers once, and through one kept connection", async ({ near, serve }) => {
    const signals = new Set<AbortSignal>();
    let count = 0;
    await serve("count", ({ signal }) => {
      signals.add(signal);
      return ++count;
    });
    for (let index = 1; index <= 5; index++) assert.equal(await near.send("count", "x"), `${index}`);
    assert.equal(signals.size, 1);
  });
}

function testFailures(story: Story): void {
  story("a handler that throws ends the connection, and the node lives on", async ({ near, serve }) => {
    const heard: string[] = [];
    await serve("fragile", async ({ message }) => {
      heard.push(String(message));
      if (message === "bad") throw new Error("cannot play that\nat line 1");
      return message;
    });
    const results = await Promise.allSettled(
      ["a", "b", "bad", "c", "d"].map((message) => near.send("fragile", message)),
    );
    assert.deepEqual(results.map(codeOf), ["a", "b", "PEER_REFUSED", "NOT_RUN", "NOT_RUN"]);
    assert.deepEqual(heard, ["a", "b", "bad"]);
    const [, , bad] = results;
    assert.match(String(bad?.status === "rejected" && bad.reason), /fragile: .*cannot play that$/);
    assert.equal(await near.send("fragile", "e"), "e");
  });

  story("a stream rejects with what its source throws, after the acks before it", async ({ near, serve }) => {
    await serve("echo", ({ message }) => message);
    const problem = new Error("sensor gone");
    function* broken() {
      yield "1";
      throw problem;
    }
    async function* brokenLater() {
      yield* broken();
    }
    for (const source of [broken(), brokenLater()]) {
      const acks = near.stream("echo", source);
      assert.deepEqual(await acks.next(), { value: "1", done: false });
      await assert.rejects(acks.next(), problem);
    }
  });

  story("a stream closes a source that yields what cannot be sent", async ({ near, serve }) => {
    await serve("echo", ({ message }) => message);
    let isClosed = false;
    function* wrong() {
      try {
        yield "1";
        yield "\ud800";
      } finally {
        isClosed = true;
      }
    }
    await assert.rejects(collect(near.stream("echo", wrong())), { code: "MESSAGE_INVALID" });
    assert.ok(isClosed);
  });
}

function testLeaving(story: Story): void {
  story("a node that closes lets its handler finish and rejects the rest", async ({ near, serve }) => {
    const gate = new Gate();
    const node = await serve("node", async ({ message }) => {
      gate.arrive();
      await gate.open;
      return message;
    });
    const results = Promise.allSettled(["1", "2"].map((message) => near.send("node", message)));
    await gate.arrivals(1);
    const closed = node.close();
    gate.release();
    await closed;
    assert.deepEqual((await results).map(codeOf), ["1", "PEER_LOST"]);
    await serve("other", () => "still here");
    assert.equal(await near.send("other", "1"), "still here");
  });

  story(
    "a handler that does not finish is left after the time for closing",
    async ({ near, serve, clock }) => {
      const gate = new Gate();
      const aborted = new Gate();
      const node = await serve("node", ({ signal }) => {
        signal.addEventListener("abort", () => aborted.arrive());
        gate.arrive();
        return gate.open;
      });
      const sent = near.send("node", "1");
      await gate.arrivals(1);
      const closed = node.close();
      await aborted.arrivals(1);
      clock.advance(1_000);
      await assert.rejects(sent, { code: "PEER_LOST" });
      await closed;
    },
  );
}

function testAborting(story: Story): void {
  story("an aborted message leaves those of others alone", async ({ near, serve }) => {
    const gate = new Gate();
    await serve("slow", async ({ message }) => {
      gate.arrive();
      await gate.open;
      return message;
    });
    const controller = new AbortController();
    const sent = ["1", "2", "3"].map((message) =>
      near.send("slow", message, message === "2" ? { signal: controller.signal } : {}),
    );
    await gate.arrivals(1);
    controller.abort(new Error("enough"));
    gate.release();
    assert.deepEqual((await Promise.allSettled(sent)).map(codeOf), ["1", "enough", "3"]);
  });
}

function testClosing(story: Story): void {
  story("closing rejects what waits, and is idempotent", async ({ near, far, serve, announce, clock }) => {
    const gate = new Gate();
    await serve("slow", () => {
      gate.arrive();
      return gate.open;
    });
    await announce("late");
    const results = Promise.allSettled([near.send("slow", "1"), near.send("late", "1")]);
    await gate.arrivals(1);
    const closing = [near.close(), near.close()];
    clock.advance(1_000);
    await Promise.all(closing);
    assert.deepEqual((await results).map(codeOf), ["PEER_LOST", "PEER_LOST"]);
    await far.close();
    await far.close();
    await assert.rejects(near.send("slow", "1"), { code: "PEER_LOST" });
    await assert.rejects(collect(near.stream("slow", ["1"])), { code: "PEER_LOST" });
    await assert.rejects(
      near.serve("new", () => ""),
      { code: "PEER_LOST" },
    );
  });

  story("a channel waits while all connections are busy, until patience ends", async (rig) => {
    const gate = new Gate();
    await rig.serve("slow", async ({ channel }) => {
      gate.arrive();
      await gate.open;
      return channel;
    });
    const send = (channel: string) => rig.near.send("slow", "1", { channel });
    const busy = ["1", "2", "3", "4", "5", "6", "7", "8"].map(send);
    await gate.arrivals(8);
    const impatient = send("9");
    rig.clock.advance(10_000);
    await assert.rejects(impatient, {
      code: "PEER_MISSING",
      message: /all 8 connections were busy for 10000 ms$/,
    });
    const patient = send("10");
    gate.release();
    assert.equal(await patient, "10");
    assert.equal((await Promise.all(busy)).length, 8);
  });
}

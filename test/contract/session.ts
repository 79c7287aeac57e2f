import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { AckStream } from "../../src/mesh/ack-stream.js";
import { DEFAULT_LIMITS, type MeshLimits } from "../../src/mesh/limits.js";
import type { Delivery, Handler, Messages, StreamOptions } from "../../src/mesh/mesh.js";
import type { Json, Payload } from "../../src/mesh/payload.js";
import type { DialPeer } from "../../src/mesh/peer.js";
import type { Trust } from "../../src/mesh/safety/trust.js";
import { Sender } from "../../src/mesh/sender.js";
import { LinkCutter } from "./link-cutter.js";
import { testSending, testUnsendable } from "./sending.js";
import { codeOf, collect, Gate, turns } from "./waiting.js";

/** Nodes that are reached by one kind of link. */
export interface SessionRig {
  readonly dial: DialPeer;
  serve(name: string, handler: Handler, concurrency?: number): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
  /** What both ends ask of each other, where they do. */
  readonly trust?: Trust;
  /** Lets links move what is under way, for so long that nothing of it takes 5 000 turns. */
  turn(): Promise<void>;
}

export type OpenSessionRig = (options: {
  readonly clock: ManualClock;
  readonly limits: MeshLimits;
}) => Promise<SessionRig>;

/** A rig with a sender, whose links may be cut. */
interface Stage extends SessionRig {
  readonly clock: ManualClock;
  readonly sender: Sender;
  readonly cutter: LinkCutter;
  /** Moves time until a promise is settled. */
  settle<Result>(result: Promise<Result>): Promise<Result>;
}

/** A sender that says who it is. */
class NamedSender extends Sender {
  override send(target: string, message: Payload, options: StreamOptions = {}): Promise<Payload> {
    return super.send(target, message, { from: "sender", ...options });
  }

  override stream(target: string, messages: Messages, options: StreamOptions = {}): AckStream {
    return super.stream(target, messages, { from: "sender", ...options });
  }
}

type Story = (name: string, run: (stage: Stage) => Promise<void>) => void;

const LIMITS: MeshLimits = { ...DEFAULT_LIMITS, outstanding: 16, queued: 2_000 };

/** What a session of `circuit.1` promises, over whatever link. */
export function testSession(kind: string, open: OpenSessionRig): void {
  const story: Story = (name, run) =>
    test(`${kind}: ${name}`, { timeout: 20_000 }, async (context: TestContext) => {
      const clock = new ManualClock();
      const rig = await open({ clock, limits: LIMITS });
      const cutter = new LinkCutter(rig.dial);
      const sender = new NamedSender({
        trust: rig.trust,
        dial: cutter.dial,
        clock,
        limits: LIMITS,
        patienceMs: 10_000,
        notice: undefined,
        schedule: queueMicrotask,
      });
      const settle = async <Result>(result: Promise<Result>): Promise<Result> => {
        let isSettled = false;
        const note = () => {
          isSettled = true;
        };
        result.then(note, note);
        while (!isSettled) {
          await rig.turn();
          if (!isSettled) clock.advance(1);
        }
        return result;
      };
      context.after(async () => {
        sender.close();
        await settle(rig.close());
      });
      await run({ ...rig, clock, cutter, sender, settle });
    });

  testSending(story);
  testPayloads(story);
  testConcurrency(story);
  testBounds(story);
  testFailures(story);
  testAborting(story);
  testCuts(story);
  testDeath(story);
  testDraining(story);
  testCauses(story);
}

function testPayloads(story: Story): void {
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

function testConcurrency(story: Story): void {
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

function testBounds(story: Story): void {
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

function testFailures(story: Story): void {
  story("a handler that throws fails its message, and the channel goes on", async ({ sender, serve }) => {
    await serve("fragile", async ({ message }) => {
      if (message === "bad") throw new Error("cannot play that\nat line 1");
      return message;
    });
    await serve("fragile2", ({ message }) => {
      if (message === "bad") throw new Error("cannot play that\nat line 1");
      return message;
    });
    for (const name of ["fragile", "fragile2"]) {
      const results = await Promise.allSettled(["a", "bad", "c"].map((text) => sender.send(name, text)));
      assert.deepEqual(results.map(codeOf), ["a", "PEER_REFUSED", "c"]);
      const [, bad] = results;
      assert.match(String(bad?.status === "rejected" && bad.reason), /cannot play that$/);
    }
  });

  testUnsendable(story, "no JSON", [1n]);
}

function testAborting(story: Story): void {
  story("aborting tells who runs, takes back who waits, and leaves others alone", async (stage) => {
    const gate = new Gate();
    const told = new Gate();
    const heard: Payload[] = [];
    await stage.serve("slow", async ({ message, signal }) => {
      heard.push(message);
      signal.addEventListener("abort", () => told.arrive());
      gate.arrive();
      await gate.open;
      return message;
    });
    const controller = new AbortController();
    const { signal } = controller;
    const options = [{ signal }, {}, { signal }, {}];
    const results = Promise.allSettled(
      options.map((option, index) => stage.sender.send("slow", index, option)),
    );
    await gate.arrivals(1);
    controller.abort(new Error("enough"));
    await told.arrivals(1);
    gate.release();
    assert.deepEqual((await results).map(codeOf), ["enough", "1", "enough", "3"]);
    assert.deepEqual(heard, [0, 1, 3]);
  });

  story(
    "what was aborted while there was no link does not run",
    async ({ sender, serve, cutter, settle }) => {
      const gate = new Gate();
      const heard: Payload[] = [];
      const told = new Gate();
      await serve("slow", async ({ message, signal }) => {
        heard.push(message);
        signal.addEventListener("abort", () => told.arrive());
        gate.arrive();
        await gate.open;
        return message;
      });
      const controller = new AbortController();
      const { signal } = controller;
      const results = Promise.allSettled(
        [0, 1, 2].map((index) => sender.send("slow", index, index < 2 ? { signal } : {})),
      );
      await gate.arrivals(1);
      cutter.block();
      controller.abort(new Error("enough"));
      await turns();
      cutter.unblock();
      await settle(told.arrivals(1));
      gate.release();
      assert.deepEqual((await settle(results)).map(codeOf), ["enough", "enough", "2"]);
      assert.deepEqual(heard, [0, 2]);
    },
  );

  story("closing rejects what waits and tells the receiver; it is idempotent", async ({ sender, serve }) => {
    const gate = new Gate();
    const told = new Gate();
    const node = await serve("slow", ({ signal }) => {
      signal.addEventListener("abort", () => told.arrive());
      gate.arrive();
      return told.arrivals(1);
    });
    const sent = sender.send("slow", "1");
    await gate.arrivals(1);
    sender.close();
    sender.close();
    await assert.rejects(sent, { code: "PEER_LOST" });
    await assert.rejects(sender.send("slow", "1"), { code: "PEER_LOST" });
    await told.arrivals(1);
    await Promise.all([node.close(), node.close()]);
  });
}

function testCuts(story: Story): void {
  for (const direction of ["out", "in"] as const) {
    story(`a link cut after any frame (${direction}) loses nothing and runs nothing twice`, async (stage) => {
      let runs: string[] = [];
      const handler: Handler = async ({ channel, message }) => {
        runs.push(`${channel} ${message}`);
        if (Number(message) % 2 === 0) await stage.turn();
        if (message === 7) throw new Error("seven");
        return message;
      };
      for (let cutAfter = 1; ; cutAfter++) {
        runs = [];
        const name = `node${cutAfter}`;
        await stage.serve(name, handler);
        const cut = stage.cutter.cutAfter(direction, cutAfter);
        const sent = ["a", "b"].flatMap((channel) =>
          Array.from({ length: 12 }, (_, index) => stage.sender.send(name, index, { channel })),
        );
        const streamed = collect(stage.sender.stream(name, [20, 21, 22, 23, 24], { channel: "c" }));
        const outcomes = (await stage.settle(Promise.allSettled(sent))).map(codeOf);
        const expected = Array.from({ length: 12 }, (_, index) =>
          index === 7 ? "PEER_REFUSED" : `${index}`,
        );
        const label = `cut after frame ${cutAfter}`;
        assert.deepEqual(outcomes, [...expected, ...expected], label);
        assert.deepEqual(await stage.settle(streamed), ["20", "21", "22", "23", "24"], label);
        assert.equal(runs.length, 29, label);
        assert.equal(new Set(runs).size, 29, label);
        const numbers = runs.filter((run) => run.startsWith("a ")).map((run) => Number(run.slice(2)));
        assert.deepEqual(
          numbers,
          [...numbers].sort((one, other) => one - other),
          label,
        );
        if (!cut.isDone()) break;
      }
    });
  }

  story("a session is kept for 60 s", async ({ sender, serve, cutter, clock, settle }) => {
    const gate = new Gate();
    let count = 0;
    await serve("slow", async () => {
      gate.arrive();
      await gate.open;
      return ++count;
    });
    const sent = sender.send("slow", "1");
    await gate.arrivals(1);
    cutter.block();
    await turns();
    clock.advance(59_000);
    gate.release();
    cutter.unblock();
    assert.equal(await settle(sent), 1);
    assert.equal(count, 1);
  });

  story("and no longer", async ({ sender, serve, cutter, clock, settle, turn }) => {
    const gate = new Gate();
    const told = new Gate();
    await serve("slow", ({ signal }) => {
      signal.addEventListener("abort", () => told.arrive());
      gate.arrive();
      return gate.open;
    });
    const results = Promise.allSettled([
      sender.send("slow", "1"),
      sender.send("slow", "2"),
      sender.send("slow", "3", { retry: "repeat" }),
    ]);
    await gate.arrivals(1);
    await turn();
    cutter.block();
    await turns();
    for (let index = 0; index < 20; index++) await turn();
    clock.advance(60_000);
    assert.deepEqual((await results).map(codeOf), new Array(3).fill("DELIVERY_UNKNOWN"));
    await settle(told.arrivals(1));
    gate.release();
    cutter.unblock();
    assert.equal(await settle(sender.send("slow", "4")), "n/a");
  });
}

function testDeath(story: Story): void {
  story("a receiver that dies leaves unknown what it had, and its successor gets the rest", async (stage) => {
    const gate = new Gate();
    const first = await stage.serve("node", () => {
      gate.arrive();
      return new Promise(() => {});
    });
    const lost = assert.rejects(stage.sender.send("node", "1"), { code: "DELIVERY_UNKNOWN" });
    const repeated = stage.sender.send("node", "2", { channel: "again", retry: "repeat" });
    await gate.arrivals(2);
    await die(stage, first);
    const heard: Delivery[] = [];
    await stage.serve("node", (delivery) => {
      heard.push(delivery);
      return `second ${delivery.message}`;
    });
    assert.equal(await stage.settle(repeated), "second 2");
    await lost;
    assert.equal(await stage.settle(stage.sender.send("node", "3")), "second 3");
    assert.deepEqual(
      heard.map(({ message, deliveryCount }) => [message, deliveryCount]),
      [
        ["2", 2],
        ["3", 1],
      ],
    );
  });

  story("every delivery of a message has the same key, and no other message has it", async (stage) => {
    const keys: string[] = [];
    const gate = new Gate();
    let isDying = true;
    const handler: Handler = ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
      gate.arrive();
      return isDying ? new Promise(() => {}) : "done";
    };
    const first = await stage.serve("node", handler);
    const sent = stage.sender.send("node", "1", { retry: "repeat" });
    await gate.arrivals(1);
    await die(stage, first);
    const second = await stage.serve("node", handler);
    await stage.settle(gate.arrivals(2));
    await die(stage, second);
    isDying = false;
    await stage.serve("node", handler);
    assert.equal(await stage.settle(sent), "done");
    await stage.sender.send("node", "2");
    await stage.sender.send("node", "3", { channel: "other", retry: "repeat" });
    assert.equal(keys.length, 5);
    assert.equal(new Set(keys.slice(0, 3)).size, 1);
    assert.equal(new Set(keys).size, 3);
  });
}

function testDraining(story: Story): void {
  story("a rolling restart loses nothing and runs nothing twice", async (stage) => {
    const runs: string[] = [];
    const handler: Handler = async ({ channel, message }) => {
      runs.push(`${channel} ${message}`);
      await stage.turn();
      return message;
    };
    let node = await stage.serve("node", handler);
    const numbers = Array.from({ length: 60 }, (_, index) => `${index}`);
    const work = Promise.all(
      ["a", "b", "c"].map((channel) => collect(stage.sender.stream("node", numbers, { channel }))),
    );
    for (let restart = 0; restart < 4; restart++) {
      for (let turn = 0; turn < 5; turn++) await stage.turn();
      await stage.settle(node.close());
      node = await stage.serve("node", handler);
    }
    assert.deepEqual(await stage.settle(work), [numbers, numbers, numbers]);
    assert.equal(runs.length, 180);
    assert.equal(new Set(runs).size, 180);
  });

  story("a node that closes answers what runs, and leaves the rest to its successor", async (stage) => {
    const gate = new Gate();
    const first = await stage.serve("node", async ({ message }) => {
      gate.arrive();
      await gate.open;
      return `first ${message}`;
    });
    const [running, waiting] = ["1", "2"].map((message) => stage.sender.send("node", message));
    await gate.arrivals(1);
    const closed = first.close();
    await turns();
    const late = stage.sender.send("node", "3", { channel: "late" });
    await turns();
    gate.release();
    assert.equal(await stage.settle(running as Promise<Payload>), "first 1");
    await stage.settle(closed);
    await stage.serve("node", ({ message }) => `second ${message}`);
    assert.equal(await stage.settle(waiting as Promise<Payload>), "second 2");
    assert.equal(await stage.settle(late), "second 3");
  });

  story("without a successor, what waits rejects when the session's time is over", async (stage) => {
    const gate = new Gate();
    const node = await stage.serve("node", async () => {
      gate.arrive();
      await gate.open;
    });
    const sent = ["1", "2"].map((message) => stage.sender.send("node", message));
    const results = Promise.allSettled(sent);
    await gate.arrivals(1);
    const closed = node.close();
    gate.release();
    await stage.settle(closed);
    await sent[0];
    for (let turn = 0; turn < 20; turn++) await stage.turn();
    stage.clock.advance(60_000);
    const [first, second] = (await results).map(codeOf);
    assert.equal(first, "n/a");
    assert.match(String(second), /^PEER_/, "it is known that it has not run");
  });
}

function testCauses(story: Story): void {
  story("a message inherits the time and the callers of the one that causes it", async (stage) => {
    const { sender, serve, clock } = stage;
    let seen: Delivery | undefined;
    await serve("inner", (delivery) => {
      seen = delivery;
      return "done";
    });
    let outer: Delivery | undefined;
    await serve("outer", (delivery) => {
      outer = delivery;
      return sender.send("inner", "1", { channel: "x", cause: delivery });
    });
    assert.equal(await sender.send("outer", "1"), "done");
    assert.deepEqual(seen?.chain, ["outer/", "inner/x"]);
    assert.ok(Math.abs((seen?.deadlineAtMs ?? 0) - (outer?.deadlineAtMs ?? 0)) < 50);
    assert.equal(Math.round((outer?.deadlineAtMs ?? 0) - clock.now()), 30_000);
  });

  story("messages of one channel tell each their own callers, also after a break", async (stage) => {
    const { sender, serve, cutter } = stage;
    const chains: (readonly string[])[] = [];
    await serve("inner", ({ chain }) => void chains.push(chain));
    for (const name of ["first", "second"])
      await serve(name, (cause) => sender.send("inner", "1", { channel: "x", cause }));
    for (const target of ["first", "first", "second", "inner"]) {
      await (target === "inner" ? sender.send("inner", "1", { channel: "x" }) : sender.send(target, "1"));
      cutter.cutAll();
      await (target === "inner" ? sender.send("inner", "1", { channel: "x" }) : sender.send(target, "1"));
    }
    const [first, second, none] = [["first/", "inner/x"], ["second/", "inner/x"], ["inner/x"]];
    assert.deepEqual(chains, [first, first, first, first, second, second, none, none]);
  });

  story("what has no time left rejects, and does not run", async (stage) => {
    const { sender, serve, clock } = stage;
    const gate = new Gate();
    const heard: Payload[] = [];
    await serve("slow", async ({ message }) => {
      heard.push(message);
      gate.arrive();
      await gate.open;
    });
    await serve("outer", (cause) => sender.send("slow", "caused", { cause }));
    const blocking = sender.send("slow", "blocking");
    await gate.arrivals(1);
    const late = assert.rejects(sender.send("outer", "1"), {
      code: "PEER_REFUSED",
      message: /time of whoever waits for it is over/,
    });
    await turns();
    for (let turn = 0; turn < 20; turn++) await stage.turn();
    for (let seconds = 0; seconds < 30; seconds++) {
      clock.advance(1_000);
      for (let turn = 0; turn < 5; turn++) await stage.turn();
    }
    await late;
    gate.release();
    await stage.settle(blocking);
    await stage.turn();
    assert.deepEqual(heard, ["blocking"]);
  });

  story("a channel that would wait for itself is told so", async ({ sender, serve }) => {
    await serve("a", (cause) => sender.send("b", "1", { cause }));
    await serve("b", (cause) => sender.send("a", "1", { cause }));
    await assert.rejects(sender.send("a", "1"), {
      code: "PEER_REFUSED",
      message: /a waits for its own channel/,
    });
    await serve(
      "free",
      ({ channel, ...cause }) =>
        channel || sender.send("free", "1", { channel: "x", cause: { channel, ...cause } as Delivery }),
    );
    assert.equal(await sender.send("free", "1"), "x", "another channel of the same node");
  });
}

/** Ends a node in the middle of what it runs. */
async function die({ clock, turn }: Stage, node: { close(): Promise<void> }): Promise<void> {
  const closed = node.close();
  for (let index = 0; index < 5; index++) await turn();
  clock.advance(LIMITS.closeMs);
  await closed;
}

/** Bytes of whichever class, to be compared. */
function plain(payload: Payload): Payload {
  return payload instanceof Uint8Array ? new Uint8Array(payload) : payload;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { Dialing } from "../../src/mesh/framed/dialing.js";
import type { FrameLink, FrameLinkEvents } from "../../src/mesh/framed/frame-link.js";
import { readFrame } from "../../src/mesh/framed/frame-reader.js";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import { Sender } from "../../src/mesh/sender.js";
import { codeOf } from "../contract/waiting.js";

/** A sender, and a receiver made by hand. */
class Desk {
  readonly clock = new ManualClock();
  readonly heard: unknown[][] = [];
  readonly dialed: number[] = [];
  readonly sender: Sender;
  closed = 0;
  events: FrameLinkEvents | undefined;
  #dialing: Dialing | undefined;

  constructor() {
    this.sender = new Sender({
      dial: (_, dialing, waitMs) => {
        this.dialed.push(waitMs);
        this.#dialing = dialing;
        return () => {};
      },
      clock: this.clock,
      limits: { ...DEFAULT_LIMITS, outstanding: 4 },
      patienceMs: 10_000,
      notice: undefined,
      schedule: queueMicrotask,
    });
  }

  /** Gives the sender a link. */
  async connect(): Promise<void> {
    const link: FrameLink = {
      isFull: false,
      headBytes: 0,
      send: (frame) => this.#hear(frame),
      close: () => {
        this.closed++;
      },
    };
    this.events = this.#dialing?.opened(link);
    await turn();
  }

  async say(write: (writer: FrameWriter) => void): Promise<void> {
    const writer = new FrameWriter();
    write(writer);
    this.events?.frame(writer.take());
    await turn();
  }

  welcome(more: object = {}): Promise<void> {
    const welcome = { version: 1, node: "node", boot: "b", session: "s", resumed: false, channels: [] };
    return this.say((writer) => writer.json(0x02, { ...welcome, window: 64, windowBytes: 4_096, ...more }));
  }

  #hear(frame: Uint8Array): void {
    const note =
      (name: string) =>
      (...values: unknown[]) =>
        void this.heard.push([name, ...values]);
    readFrame(frame, {
      json: (type) => note(type === 0x01 ? "hello" : "bye")(),
      open: note("open"),
      chain: note("chain"),
      message: (channel, sequence, payload) => note("message")(channel, sequence, payload),
      ack: note("ack"),
      failure: note("failure"),
      numbers: note("numbers"),
    });
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("A sender asks a silent receiver after 10 s, and seeks another link after 20 s", async () => {
  const desk = new Desk();
  const sent = Promise.allSettled([desk.sender.send("node", "1")]);
  await desk.connect();
  await desk.welcome();
  desk.clock.advance(9_999);
  await turn();
  assert.ok(!desk.heard.some(([name]) => name === "numbers"));
  desk.clock.advance(1);
  await turn();
  assert.deepEqual(desk.heard.at(-1), ["numbers", 0x04, 0, 0, 0]);
  await desk.say((writer) => writer.numbers(0x05, 0));
  desk.clock.advance(19_999);
  assert.equal(desk.closed, 0);
  desk.clock.advance(1);
  assert.equal(desk.closed, 1);
  assert.equal(desk.dialed.length, 2);
  desk.sender.close();
  assert.deepEqual((await sent).map(codeOf), ["PEER_LOST"]);
  assert.equal(desk.clock.pending, 0);
});

test("A sender has no more bytes under way than it is granted, but for the message that reaches them", async () => {
  const desk = new Desk();
  const sent = [1, 2, 3].map((digit) => desk.sender.send("node", `${digit}`.repeat(60)));
  await desk.connect();
  await desk.welcome({ windowBytes: 100 });
  const messages = () => desk.heard.filter(([name]) => name === "message").length;
  assert.equal(messages(), 2);
  await desk.say((writer) => writer.ack(0, 1, "one"));
  assert.equal(messages(), 3);
  // What is sent again counts once.
  desk.events?.ended("cut");
  await desk.connect();
  await desk.welcome({ windowBytes: 100, resumed: true, channels: [[0, 1]] });
  assert.equal(messages(), 5);
  await desk.say((writer) => writer.ack(0, 2, "two"));
  await desk.say((writer) => writer.ack(0, 3, "three"));
  assert.deepEqual((await Promise.allSettled(sent)).map(codeOf), ["one", "two", "three"]);
  desk.sender.close();
});

test("A sender sends a window and no more, and confirms when half of it is acked", async () => {
  const desk = new Desk();
  const sent = [1, 2, 3, 4, 5, 6].map((number) => desk.sender.send("node", `${number}`));
  await desk.connect();
  await desk.welcome();
  const messages = () => desk.heard.filter(([name]) => name === "message").length;
  assert.equal(messages(), 4);
  await desk.say((writer) => {
    writer.ack(0, 2, "two");
    writer.ack(0, 3, "three");
  });
  assert.equal(messages(), 4, "the first without an ack holds the window");
  await desk.say((writer) => writer.ack(0, 1, "one"));
  assert.equal(messages(), 6);
  assert.deepEqual(await Promise.all(sent.slice(0, 3)), ["one", "two", "three"]);
  assert.deepEqual(
    desk.heard.filter(([name]) => name === "numbers"),
    [["numbers", 0x13, 0, 3, 0]],
  );
  for (const rest of sent.slice(3)) rest.catch(() => {});
  desk.sender.close();
});

test("A sender sends again what a receiver asks for, and goes on", async () => {
  const desk = new Desk();
  const sent = ["a", "b", "c"].map((text) => desk.sender.send("node", text));
  await desk.connect();
  await desk.welcome();
  desk.heard.length = 0;
  await desk.say((writer) => writer.numbers(0x22, 0, 1));
  assert.deepEqual(desk.heard, [
    ["message", 0, 2, "b"],
    ["message", 0, 3, "c"],
  ]);
  await desk.say((writer) => {
    for (const [index, text] of ["A", "B", "C"].entries()) writer.ack(0, index + 1, text);
  });
  assert.deepEqual(await Promise.all(sent), ["A", "B", "C"]);
  desk.sender.close();
});

test("A sender drops acks of what it did not send, and a repeated one", async () => {
  const desk = new Desk();
  const sent = desk.sender.send("node", "1");
  await desk.connect();
  await desk.welcome();
  await desk.say((writer) => {
    writer.ack(7, 1, "wrong");
    writer.ack(0, 9, "wrong");
    writer.ack(0, 1, "right");
    writer.ack(0, 1, "wrong");
    writer.numbers(0x22, 99, 5);
    writer.numbers(0x21, 99, 5, 0);
  });
  assert.equal(await sent, "right");
  assert.equal(desk.closed, 0);
  desk.sender.close();
});

test("A sender knows that what has no ack when its receiver says bye has not run", async () => {
  const desk = new Desk();
  const sent = ["a", "b"].map((text) => desk.sender.send("node", text));
  await desk.connect();
  await desk.welcome();
  await desk.say((writer) => {
    writer.ack(0, 1, "A");
    writer.json(0x03, { retryMs: 250 });
  });
  assert.deepEqual(desk.dialed, [0, 250]);
  desk.heard.length = 0;
  await desk.connect();
  await desk.welcome({ boot: "another", session: "another" });
  assert.deepEqual(desk.heard, [["hello"], ["open", 0, ""], ["message", 0, 1, "b"]]);
  await desk.say((writer) => writer.ack(0, 1, "B"));
  assert.deepEqual(await Promise.all(sent), ["A", "B"]);
  desk.sender.close();
  assert.equal(desk.clock.pending, 0);
});

const HOSTILE: readonly (readonly [what: string, write: (writer: FrameWriter) => void])[] = [
  ["a hello", (writer) => writer.json(0x01, {})],
  [
    "a second welcome",
    (writer) =>
      writer.json(0x02, {
        version: 1,
        node: "n",
        boot: "b",
        session: "s",
        resumed: true,
        channels: [],
        window: 1,
        windowBytes: 1,
      }),
  ],
  ["a channel", (writer) => writer.open(0, "")],
  ["a message", (writer) => writer.message(0, 1, "1", undefined)],
  ["a welcome without a boot id", (writer) => writer.json(0x02, { version: 1 })],
  ["an unknown record", (writer) => writer.numbers(0x7f)],
];
for (const [what, write] of HOSTILE) {
  test(`A sender leaves a receiver that sends ${what}, and seeks another link`, async () => {
    const desk = new Desk();
    const sent = Promise.allSettled([desk.sender.send("node", "1")]);
    await desk.connect();
    await desk.welcome();
    await desk.say(write);
    assert.equal(desk.closed, 1);
    assert.equal(desk.dialed.length, 2);
    desk.clock.advance(60_000);
    assert.deepEqual((await sent).map(codeOf), ["DELIVERY_UNKNOWN"]);
    assert.equal(desk.clock.pending, 0);
  });
}

test("A sender waits longer each time that a receiver says what it may not, until one was good for long", async () => {
  const desk = new Desk();
  const sent = Promise.allSettled([desk.sender.send("node", "1", { retry: "repeat" })]);
  const fail = async (openMs: number) => {
    await desk.connect();
    await desk.welcome();
    desk.clock.advance(openMs);
    await desk.say((writer) => writer.open(0, "only senders do"));
  };
  for (const openMs of [0, 0, 10_000, 10_001, 0]) await fail(openMs);
  assert.deepEqual(desk.dialed, [0, 50, 100, 200, 50, 100]);
  desk.sender.close();
  await sent;
});

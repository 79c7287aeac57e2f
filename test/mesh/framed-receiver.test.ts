import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { FrameLinkEvents } from "../../src/mesh/framed/frame-link.js";
import { readFrame } from "../../src/mesh/framed/frame-reader.js";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import type { Handler } from "../../src/mesh/mesh.js";
import { Node } from "../../src/mesh/node.js";
import { cases } from "../long.js";

const LIMITS = { ...DEFAULT_LIMITS, outstanding: 4 };

/** A node, and senders made by hand. */
class Desk {
  readonly clock = new ManualClock();
  readonly runs: unknown[] = [];
  readonly node: Node;

  constructor(handler: Handler = ({ message }) => message) {
    this.node = new Node({
      name: "node",
      clock: this.clock,
      limits: LIMITS,
      schedule: queueMicrotask,
      handler: (delivery) => {
        this.runs.push(delivery.message);
        return handler(delivery);
      },
    });
  }

  join(peer = "here", isFull = () => false): HandMadeLink {
    return new HandMadeLink(this.node, peer, isFull);
  }
}

/** The sender's end of a link: says what a test wants, and notes what it hears. */
class HandMadeLink {
  readonly heard: unknown[][] = [];
  readonly welcomes: Record<string, unknown>[] = [];
  isClosed = false;
  readonly events: FrameLinkEvents;

  constructor(node: Node, peer: string, isFull: () => boolean) {
    const link = {
      get isFull() {
        return isFull();
      },
      headBytes: 0,
      send: (frame: Uint8Array) => this.#hear(frame),
      close: () => {
        this.isClosed = true;
      },
    };
    this.events = node.accept(link, peer);
  }

  say(write: (writer: FrameWriter) => void): this {
    const writer = new FrameWriter();
    write(writer);
    this.raw(writer.take());
    return this;
  }

  raw(frame: Uint8Array): void {
    if (!this.isClosed) this.events.frame(frame);
  }

  hello(sender: string, more: object = {}): this {
    return this.say((writer) =>
      writer.json(0x01, { version: 1, sender, target: "node", channels: [], ...more }),
    );
  }

  cut(): void {
    this.isClosed = true;
    this.events.ended("cut");
  }

  #hear(frame: Uint8Array): void {
    const note =
      (name: string) =>
      (...values: unknown[]) =>
        void this.heard.push([name, ...values]);
    readFrame(frame, {
      json: (type, value) => {
        // The cast: a welcome and a bye are objects.
        if (type === 0x02) this.welcomes.push(value as Record<string, unknown>);
        else note("bye")();
      },
      open: note("open"),
      chain: note("chain"),
      message: note("message"),
      ack: (channel, sequence, payload) => note("ack")(channel, sequence, payload),
      failure: note("failure"),
      numbers: note("numbers"),
    });
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const open = (writer: FrameWriter) => writer.open(0, "");
const message =
  (sequence: number, payload = `${sequence}`) =>
  (writer: FrameWriter) =>
    writer.message(0, sequence, payload, undefined);

test("A receiver asks for what a gap left out, once, and goes on in order", async () => {
  const desk = new Desk();
  const link = desk.join().hello("s").say(open).say(message(1)).say(message(3)).say(message(4));
  link.say(message(2)).say(message(3));
  await turn();
  assert.deepEqual(desk.runs, ["1", "2", "3"]);
  assert.deepEqual(
    link.heard.filter(([name]) => name === "numbers"),
    [["numbers", 0x22, 0, 1, 0]],
  );
});

test("A receiver answers a repeated message from what it kept, until that is confirmed", async () => {
  const desk = new Desk();
  const first = desk.join().hello("s").say(open).say(message(1)).say(message(2));
  await turn();
  const { boot } = first.welcomes[0] ?? {};
  first.cut();
  const second = desk.join().hello("s", { boot, channels: [[0, "", 2]] });
  second.say(message(1)).say(message(2));
  await turn();
  assert.deepEqual(second.welcomes[0]?.channels, [[0, 2]]);
  assert.deepEqual(second.heard, [
    ["ack", 0, 2, "2"],
    ["ack", 0, 2, "2"],
  ]);
  assert.deepEqual(desk.runs, ["1", "2"]);
});

test("A receiver keeps 64 sessions without a link for one peer, and others' all the same", async () => {
  const desk = new Desk();
  const links = Array.from({ length: 65 }, (_, index) => desk.join("crowd").hello(`s${index}`));
  const other = desk.join("other").hello("other");
  await turn();
  const { boot } = other.welcomes[0] ?? {};
  other.cut();
  for (const link of links) link.cut();
  const resumed = async (sender: string) => {
    const link = desk.join("crowd").hello(sender, { boot });
    await turn();
    return link.welcomes[0]?.resumed;
  };
  assert.equal(await resumed("s0"), false);
  assert.equal(await resumed("s1"), true);
  assert.equal(await resumed("s64"), true);
  assert.equal(await resumed("other"), true);
});

test("A receiver forgets a session 60 s after its link broke, and at once when its sender says bye", async () => {
  const desk = new Desk();
  const first = desk.join().hello("a");
  const second = desk
    .join()
    .hello("b")
    .say((writer) => writer.json(0x03, {}));
  await turn();
  assert.ok(second.isClosed);
  const { boot } = first.welcomes[0] ?? {};
  first.cut();
  desk.clock.advance(60_000);
  for (const sender of ["a", "b"]) {
    const link = desk.join().hello(sender, { boot });
    await turn();
    assert.equal(link.welcomes[0]?.resumed, false);
  }
});

test("A receiver keeps nothing of a link whose sender left, or resumed with what may not be", async () => {
  const desk = new Desk();
  const { boot } = desk.join().hello("s").welcomes[0] ?? {};
  desk
    .join()
    .hello("s")
    .say((writer) => writer.json(0x03, {}));
  await turn();
  assert.equal(desk.clock.pending, 0);
  const first = desk.join().hello("t");
  await turn();
  first.cut();
  const lying = desk
    .join()
    .hello("t", { boot: first.welcomes[0]?.boot ?? boot, channels: [[2 ** 40, "", 1]] });
  assert.ok(lying.isClosed);
  desk.clock.advance(60_000);
  assert.equal(desk.clock.pending, 0);
});

test("A receiver takes 4 MiB of messages without an answer from a sender, and no more", async () => {
  const node = new Node({
    name: "node",
    clock: new ManualClock(),
    limits: DEFAULT_LIMITS,
    schedule: queueMicrotask,
    handler: () => new Promise(() => {}),
  });
  const link = new HandMadeLink(node, "here", () => false).hello("s").say(open);
  const page = "x".repeat(65_536);
  for (let sequence = 1; sequence <= 64; sequence++) link.say(message(sequence, page));
  assert.equal(link.isClosed, false);
  link.say(message(65, page));
  assert.equal(link.isClosed, true);
});

test("A receiver keeps 64 MiB of sessions without a link for one peer, the newest", async () => {
  const node = new Node({
    name: "node",
    clock: new ManualClock(),
    limits: DEFAULT_LIMITS,
    schedule: queueMicrotask,
    handler: () => new Promise(() => {}),
  });
  const page = "x".repeat(65_536);
  let boot: unknown;
  for (let number = 0; number < 20; number++) {
    const link = new HandMadeLink(node, "here", () => false).hello(`s${number}`).say(open);
    for (let sequence = 1; sequence <= 64; sequence++) link.say(message(sequence, page));
    await turn();
    boot = link.welcomes[0]?.boot;
    link.cut();
  }
  const isKept = async (number: number) => {
    const link = new HandMadeLink(node, "there", () => false).hello(`s${number}`, { boot });
    await turn();
    return link.welcomes[0]?.resumed;
  };
  assert.deepEqual([await isKept(4), await isKept(5), await isKept(19)], [false, true, true]);
});

test("A receiver answers pings, and gives a link up after 60 s of silence", async () => {
  const desk = new Desk();
  const link = desk.join().hello("s");
  desk.clock.advance(50_000);
  link.say((writer) => writer.numbers(0x04, 7));
  await turn();
  assert.deepEqual(link.heard, [["numbers", 0x05, 7, 0, 0]]);
  desk.clock.advance(59_999);
  assert.equal(link.isClosed, false);
  desk.clock.advance(1);
  assert.equal(link.isClosed, true);
});

test("A receiver closes a link that does not greet within the time for it", () => {
  const desk = new Desk();
  const link = desk.join();
  desk.clock.advance(LIMITS.handshakeMs);
  assert.ok(link.isClosed);
  assert.equal(desk.clock.pending, 0);
});

test("A receiver runs nothing more for a peer that does not read, and goes on when it does", async () => {
  let isFull = true;
  const desk = new Desk();
  const link = desk
    .join("slow", () => isFull)
    .hello("s")
    .say(open);
  for (let sequence = 1; sequence <= 4; sequence++) link.say(message(sequence));
  for (let index = 0; index < 10; index++) link.say((writer) => writer.numbers(0x04, index));
  await turn();
  assert.deepEqual(desk.runs, []);
  assert.deepEqual(link.heard, []);
  isFull = false;
  link.events.room();
  await turn();
  assert.deepEqual(desk.runs, ["1", "2", "3", "4"]);
});

test("A receiver keeps at most 4 MiB of acks, and goes on as they are confirmed", async () => {
  const desk = new Desk(() => "x".repeat(65_536));
  const wide = new Node({
    name: "node",
    clock: desk.clock,
    limits: { ...LIMITS, outstanding: 1_024 },
    schedule: queueMicrotask,
    handler: ({ message: heard }) => {
      desk.runs.push(heard);
      return "x".repeat(65_536);
    },
  });
  const link = new HandMadeLink(wide, "here", () => false).hello("s").say(open);
  for (let sequence = 1; sequence <= 100; sequence++) link.say(message(sequence));
  await turn();
  assert.equal(desk.runs.length, 64);
  link.say((writer) => writer.numbers(0x13, 0, 10));
  await turn();
  assert.equal(desk.runs.length, 74);
});

test("A receiver that leaves refuses what still comes, answers what runs, and says bye", async () => {
  let finish = (_: string) => {};
  const desk = new Desk(() => new Promise((resolve) => (finish = resolve)));
  const link = desk.join().hello("s").say(open).say(message(1)).say(message(2));
  const closed = desk.node.close();
  link
    .say(message(3))
    .say((writer) => writer.open(1, "new"))
    .say((writer) => writer.message(1, 1, "1", undefined));
  await turn();
  finish("done");
  await closed;
  assert.deepEqual(link.heard, [
    ["numbers", 0x21, 0, 2, 250],
    ["numbers", 0x21, 1, 1, 250],
    ["ack", 0, 1, "done"],
    ["bye"],
  ]);
  assert.deepEqual(desk.runs, ["1"]);
  assert.ok(link.isClosed);
  assert.equal(desk.clock.pending, 0);
});

const HOSTILE: readonly (readonly [what: string, say: (link: HandMadeLink) => unknown])[] = [
  ["a second hello", (link) => link.hello("s")],
  ["a welcome", (link) => link.say((writer) => writer.json(0x02, {}))],
  ["an ack", (link) => link.say((writer) => writer.ack(0, 1, "1"))],
  ["a failure", (link) => link.say((writer) => writer.failure(0, 1, { code: "FAILED", reason: "no" }))],
  [
    "a message on a channel that is not open",
    (link) => link.say((writer) => writer.message(9, 1, "1", undefined)),
  ],
  ["a channel of 256 bytes", (link) => link.say((writer) => writer.open(1, "x".repeat(256)))],
  ["garbage", (link) => link.raw(new Uint8Array([0x7f, 1, 2, 3]))],
  ["an item outside of a run", (link) => link.raw(new Uint8Array([0x80, 1, 0x31]))],
  [
    "more than its window",
    (link) => {
      for (let sequence = 1; sequence <= 6; sequence++) link.say(message(sequence, "wait"));
    },
  ],
  [
    "more than its window without a confirmation",
    (link) => {
      for (let sequence = 1; sequence <= 9; sequence++) link.say(message(sequence));
    },
  ],
  [
    "16 385 channels",
    (link) => {
      for (let id = 1; id <= 16_384; id++) link.say((writer) => writer.open(id, `${id}`));
    },
  ],
  ["a channel of the highest number", (link) => link.say((writer) => writer.open(2 ** 53 - 1, "far"))],
  [
    "callers without end",
    (link) => {
      for (let id = 1; id < 64; id++)
        link.say((writer) => {
          writer.open(id, `${id}`);
          writer.chain(id, ["x".repeat(20_000)]);
        });
    },
  ],
  ["a message over the limit", (link) => link.say(message(1, "x".repeat(2 * 65_536)))],
];
for (const [what, say] of HOSTILE) {
  test(`A receiver closes the link of a sender that sends ${what}, and nobody else's`, async () => {
    const desk = new Desk(({ message: heard }) => (heard === "wait" ? new Promise(() => {}) : heard));
    const good = desk.join().hello("good").say(open);
    const link = desk.join().hello("s").say(open);
    await turn();
    assert.equal(link.isClosed, false);
    say(link);
    await turn();
    assert.equal(link.isClosed, true);
    good.say(message(1));
    await turn();
    assert.deepEqual(good.heard, [["ack", 0, 1, "1"]]);
  });
}

for (const [what, hello] of [
  ["another version", { version: 2 }],
  ["no sender", { sender: undefined }],
  ["a sender of 256 characters", { sender: "x".repeat(256) }],
  ["channels that are no list", { channels: 1 }],
] as const) {
  test(`A receiver closes a link whose hello has ${what}`, () => {
    const desk = new Desk();
    assert.ok(desk.join().hello("s", hello).isClosed);
    assert.equal(desk.clock.pending, 0);
  });
}

test("A receiver survives any bytes, before and after a hello", async () => {
  const desk = new Desk();
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      async (greets, frames) => {
        const link = desk.join();
        if (greets) link.hello("fuzz").say(open);
        for (const frame of frames) link.raw(frame);
        await turn();
        link.cut();
      },
    ),
    { numRuns: cases(500, 20_000) },
  );
  const good = desk.join().hello("good").say(open).say(message(1));
  await turn();
  assert.deepEqual(good.heard, [["ack", 0, 1, "1"]]);
});

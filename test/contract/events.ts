import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EventHeaders, MeshEvent, SubscribeOptions, Subscription } from "../../src/mesh/event.js";
import type { Mesh } from "../../src/mesh/mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { isReserved } from "../../src/mesh/subject.js";
import { SUBJECT_MATCHES } from "./subjects.js";
import { turns } from "./waiting.js";

/** Two ends of a mesh; one and the same where all is in one process. */
export interface EventsRig {
  readonly publisher: Mesh;
  readonly subscriber: Mesh;
}

/** Keeps what it hears. */
export class Ear {
  readonly events: MeshEvent[] = [];
  readonly errors: unknown[] = [];
  readonly subscription: Subscription;
  #heard = () => {};

  constructor(mesh: Mesh, pattern: string, options: SubscribeOptions & { throws?: () => unknown } = {}) {
    const onError = (error: unknown) => {
      this.errors.push(error);
      this.#heard();
    };
    const handler = (event: MeshEvent) => {
      this.events.push(event);
      this.#heard();
      return options.throws?.();
    };
    this.subscription = mesh.subscribe(pattern, handler, { onError, ...options });
  }

  get data(): Payload[] {
    return this.events.map(({ data }) => data);
  }

  /** Resolves when it has heard so many. */
  async until(count: number): Promise<void> {
    await this.when(() => this.events.length >= count);
  }

  async when(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => (this.#heard = resolve));
  }
}

/** What every engine promises of events: one suite for all. */
export function testEvents(
  kind: string,
  open: (context: TestContext) => Promise<EventsRig>,
  options: { readonly skip?: string | false } = {},
): void {
  const story = storyOf(kind, open, options);
  testWhat(story);
  testWho(story);
  testRefusals(story);
  testEnds(story);
}

/** What engines promise of queues. */
export function testQueues(
  kind: string,
  open: (context: TestContext) => Promise<EventsRig>,
  options: { readonly skip?: string | false } = {},
): void {
  const story = storyOf(kind, open, options);

  story("of a queue one hears each event, beside those who are in none", async (rig) => {
    const { publisher, subscriber, join } = rig;
    const queue = "workers";
    const members = [
      new Ear(subscriber, "job.*", { queue }),
      new Ear(subscriber, "job.*", { queue }),
      new Ear(publisher, "job.*", { queue }),
    ];
    const others = [new Ear(subscriber, "job.*", { queue: "auditors" }), new Ear(subscriber, "job.*")];
    await join();
    const jobs = Array.from({ length: 60 }, (_, job) => job);
    for (const job of jobs) publisher.publish(`job.${job % 3}`, job);
    const all = () => members.flatMap(({ data }) => data);
    await Promise.race(members.map((member) => member.when(() => all().length === jobs.length)));
    for (const other of others) {
      await other.until(jobs.length);
      assert.deepEqual(other.data, jobs);
    }
    await turns();
    assert.deepEqual(
      all().sort((a, b) => Number(a) - Number(b)),
      jobs,
    );
  });

  story("a queue goes on with those who stay", async ({ publisher, subscriber, join }) => {
    const gone = new Ear(subscriber, "a", { queue: "q" });
    const stays = new Ear(subscriber, "a", { queue: "q" });
    await join();
    gone.subscription.close();
    await join();
    for (const data of [1, 2, 3]) publisher.publish("a", data);
    await stays.until(3);
    assert.deepEqual([gone.data, stays.data], [[], [1, 2, 3]]);
  });

  story("a queue's name is refused where it is none", async ({ subscriber }) => {
    for (const queue of ["", "a b", "a.b", "*", "x".repeat(65)])
      assert.throws(() => subscriber.subscribe("a", () => {}, { queue }), { code: "MESSAGE_INVALID" }, queue);
    const both = { queue: "q", last: true };
    assert.throws(() => subscriber.subscribe("a", () => {}, both), { code: "MESSAGE_INVALID" });
  });
}

/** What engines promise of last values. `learns`: the engine keeps them from the first who asked for them on. */
export function testLast(
  kind: string,
  open: (context: TestContext) => Promise<EventsRig>,
  { learns = false, ...options }: { readonly learns?: boolean; readonly skip?: string | false } = {},
): void {
  const story = storyOf(kind, open, options);

  story("who comes late hears the last of each subject first", async (rig) => {
    const { publisher, subscriber, join } = rig;
    const first = new Ear(subscriber, "sensor.>", learns ? { last: true } : {});
    await join();
    for (const data of [1, 2, 3]) publisher.publish("sensor.a", data, { headers: { n: String(data) } });
    publisher.publish("sensor.b", { on: true });
    publisher.publish("other", "not this");
    await first.until(4);
    const late = new Ear(subscriber, "sensor.*", { last: true });
    await join();
    publisher.publish("sensor.a", 4);
    await late.until(3);
    await turns();
    assert.deepEqual(
      late.events.map(({ subject, data, headers }) => [subject, data, headers]),
      [
        ["sensor.a", 3, { n: "3" }],
        ["sensor.b", { on: true }, {}],
        ["sensor.a", 4, {}],
      ],
    );
    for (const { at } of late.events) assert.ok(Number.isFinite(at));
  });

  story("between the last value and what follows nothing is missing", async (rig) => {
    const { publisher, subscriber, join } = rig;
    const first = new Ear(subscriber, "n", learns ? { last: true } : {});
    await join();
    let published = 0;
    const ears: Ear[] = [];
    for (let round = 0; round < 20; round++) {
      for (let count = 0; count < 10; count++) publisher.publish("n", published++);
      ears.push(new Ear(subscriber, "n", { last: true }));
      for (let count = 0; count < 10; count++) publisher.publish("n", published++);
      await turns();
    }
    await join();
    publisher.publish("n", published);
    await first.when(() => first.data.at(-1) === published);
    for (const ear of ears) {
      await ear.when(() => ear.data.at(-1) === published);
      const from = Number(ear.data[0]);
      assert.deepEqual(
        ear.data,
        Array.from({ length: published - from + 1 }, (_, index) => from + index),
      );
    }
  });
}

function storyOf(
  kind: string,
  open: (context: TestContext) => Promise<EventsRig>,
  options: { readonly skip?: string | false },
): Story {
  return (name, run) =>
    void test(`${kind}: ${name}`, { timeout: 20_000, ...options }, async (context) => {
      const rig = await open(context);
      context.after(() => Promise.all([rig.publisher.close(), rig.subscriber.close()]));
      const join = async () => {
        await rig.subscriber.join();
        await rig.publisher.join();
      };
      await run({ ...rig, join });
    });
}

type Story = (name: string, run: (rig: EventsRig & { join(): Promise<void> }) => Promise<void>) => void;

function testWhat(story: Story): void {
  story("text, bytes and JSON arrive as what they are", async ({ publisher, subscriber, join }) => {
    const sent: Payload[] = ["1", "", "♪ 440 Hz 🔔", "{}", 0, null, false, [1, "a"], { a: { b: [] } }];
    const longest = "x".repeat(65_536);
    const ear = new Ear(subscriber, "data");
    await join();
    for (const data of [...sent, longest, Uint8Array.of(0, 255)]) publisher.publish("data", data);
    await ear.until(sent.length + 2);
    assert.deepEqual(ear.data.slice(0, -1), [...sent, longest]);
    const bytes = ear.data.at(-1);
    assert.ok(bytes instanceof Uint8Array);
    assert.deepEqual([...bytes], [0, 255]);
  });

  story("an event has its subject, its headers, and a time", async ({ publisher, subscriber, join }) => {
    const headers: EventHeaders = { "Trace-Id": "7 = 7: ä", unit: "°C", empty: "" };
    const ear = new Ear(subscriber, "sensor.>");
    await join();
    publisher.publish("sensor.attic.temperature", 21.5, { headers });
    publisher.publish("sensor.x", "text", { headers: { a: "b" } });
    publisher.publish("sensor.y", "plain");
    await ear.until(3);
    assert.deepEqual(
      ear.events.map(({ subject, headers: heard }) => [subject, heard]),
      [
        ["sensor.attic.temperature", headers],
        ["sensor.x", { a: "b" }],
        ["sensor.y", {}],
      ],
    );
    for (const { at } of ear.events) assert.ok(Number.isFinite(at));
  });

  story("what arrives is what it was when it was published", async ({ publisher, subscriber, join }) => {
    const ears = [new Ear(subscriber, "x"), new Ear(publisher, "x")];
    await join();
    const list = [1];
    const bytes = Uint8Array.of(1);
    const headers = { a: "1" };
    publisher.publish("x", list, { headers });
    publisher.publish("x", bytes, { headers });
    list.push(2);
    bytes[0] = 2;
    headers.a = "2";
    for (const ear of ears) {
      await ear.until(2);
      assert.deepEqual(ear.data, [[1], Uint8Array.of(1)]);
      for (const event of ear.events) assert.deepEqual(event.headers, { a: "1" });
    }
  });

  story("what one publishes arrives in order, once, on every subject", async (rig) => {
    const { publisher, subscriber, join } = rig;
    const ear = new Ear(subscriber, "count.*");
    await join();
    for (let count = 0; count < 2_000; count++) {
      publisher.publish(`count.${count % 3}`, count);
      if (count % 100 === 0) await turns();
    }
    await ear.until(2_000);
    await turns();
    assert.deepEqual(
      ear.data,
      Array.from({ length: 2_000 }, (_, count) => count),
    );
  });
}

function testWho(story: Story): void {
  story("patterns take in what NATS's do", async ({ publisher, subscriber, join }) => {
    const table = SUBJECT_MATCHES.filter(([, subject]) => !isReserved(subject));
    const patterns = [...new Set(table.map(([pattern]) => pattern))];
    const ears = new Map(patterns.map((pattern) => [pattern, new Ear(subscriber, pattern)]));
    const end = new Ear(subscriber, "the.end");
    await join();
    const subjects = [...new Set(table.map(([, subject]) => subject))];
    for (const subject of subjects) publisher.publish(subject, "");
    publisher.publish("the.end", "");
    await end.until(1);
    await turns();
    for (const [pattern, subject, isMatch] of table) {
      const heard = ears.get(pattern)?.events.filter((event) => event.subject === subject).length;
      assert.equal(heard, isMatch ? 1 : 0, `${pattern} ${subject}`);
    }
  });

  story("each subscription hears, here and there", async ({ publisher, subscriber, join }) => {
    const ears = [
      new Ear(subscriber, "a"),
      new Ear(subscriber, "a"),
      new Ear(subscriber, "*"),
      new Ear(publisher, "a"),
    ];
    await join();
    const listeners = publisher.publish("a", 1);
    if (listeners !== undefined) assert.ok(listeners >= 2, `${listeners}`);
    publisher.publish("b.c", 2);
    publisher.publish("a", 3);
    await Promise.all(ears.map((ear) => ear.until(2)));
    for (const ear of ears) assert.deepEqual(ear.data, [1, 3]);
  });

  story("nobody is known to listen to what nobody listens to", async ({ publisher, subscriber, join }) => {
    const ear = new Ear(subscriber, "a.>");
    await join();
    assert.ok([0, undefined].includes(publisher.publish("b", "")));
    const listeners = publisher.publish("a.b", "");
    assert.ok([1, undefined].includes(listeners), `${listeners}`);
    ear.subscription.close();
    await join();
    assert.ok([0, undefined].includes(publisher.publish("a.b", "")));
  });

  story(
    "handlers run after publish(), and may publish themselves",
    async ({ publisher, subscriber, join }) => {
      const order: string[] = [];
      subscriber.subscribe("ping", () => {
        order.push("ping");
        subscriber.publish("pong", "");
        order.push("published");
      });
      const pong = new Ear(subscriber, "pong");
      const back = new Ear(publisher, "pong");
      await join();
      publisher.publish("ping", "");
      order.push("returned");
      await pong.until(1);
      await back.until(1);
      assert.deepEqual(order, ["returned", "ping", "published"]);
    },
  );

  story("a handler that fails reaches nobody else", async ({ publisher, subscriber, join }) => {
    const thrown = new Error("not today");
    const throwing = new Ear(subscriber, "x", {
      throws: () => {
        throw thrown;
      },
    });
    const rejecting = new Ear(subscriber, "x", { throws: () => Promise.reject(thrown) });
    const fine = new Ear(subscriber, "x");
    await join();
    publisher.publish("x", 1);
    publisher.publish("x", 2);
    for (const ear of [throwing, rejecting]) {
      await ear.when(() => ear.errors.length === 2);
      assert.deepEqual(ear.errors, [thrown, thrown]);
      assert.deepEqual(ear.data, [1, 2]);
    }
    await fine.until(2);
    assert.deepEqual(fine.errors, []);
  });
}

function testRefusals(story: Story): void {
  // The casts: a program in JavaScript may give anything.
  const refused: readonly (readonly [what: string, subject: string, data: unknown, headers?: unknown])[] = [
    ["a wildcard", "a.*", ""],
    ["the rest", ">", ""],
    ["an empty word", "a..b", ""],
    ["a space", "a b", ""],
    ["a subject of the mesh", "circuit.errors.x", ""],
    ["a subject of NATS", "$SYS.x", ""],
    ["an inbox", "_INBOX.x", ""],
    ["data over the limit", "a", "x".repeat(65_537)],
    ["data that JSON has no words for", "a", () => {}],
    ["half of a surrogate pair", "a", "\ud83d"],
    ["headers that are a text", "a", "", "x"],
    ["a header that is a number", "a", "", { a: 1 }],
    ["a header with a line break", "a", "", { a: "b\r\nc: d" }],
    ["a header with a colon in its name", "a", "", { "a:b": "c" }],
    ["a header of the mesh", "a", "", { "Circuit-Type": "json" }],
    ["headers over the limit", "a", "", { a: "x".repeat(8_192) }],
  ];
  story("refuses what cannot be published or listened to", async ({ publisher, subscriber, join }) => {
    const ear = new Ear(subscriber, ">");
    await join();
    for (const [what, subject, data, headers] of refused) {
      const options = headers === undefined ? {} : { headers: headers as EventHeaders };
      assert.throws(
        () => publisher.publish(subject, data as Payload, options),
        { code: "MESSAGE_INVALID" },
        what,
      );
    }
    for (const pattern of ["", "a.>.b", "a*", ">>", "a b"])
      assert.throws(() => subscriber.subscribe(pattern, () => {}), { code: "MESSAGE_INVALID" }, pattern);
    publisher.publish("a", "fine");
    await ear.until(1);
    assert.deepEqual(ear.data, ["fine"]);
  });
}

function testEnds(story: Story): void {
  story("close(), and a signal, end one subscription", async ({ publisher, subscriber, join }) => {
    const abort = new AbortController();
    const closed = new Ear(subscriber, "a");
    const aborted = new Ear(subscriber, "a", { signal: abort.signal });
    const stays = new Ear(subscriber, "a");
    await join();
    publisher.publish("a", 1);
    await Promise.all([closed, aborted, stays].map((ear) => ear.until(1)));
    closed.subscription.close();
    closed.subscription.close();
    abort.abort();
    publisher.publish("a", 2);
    await stays.until(2);
    await turns();
    assert.deepEqual([closed.data, aborted.data, stays.data], [[1], [1], [1, 2]]);
    assert.throws(() => subscriber.subscribe("a", () => {}, { signal: abort.signal }), abort.signal.reason);
  });

  story("a subscription that is closed by a handler hears nothing more", async (rig) => {
    const { publisher, subscriber, join } = rig;
    const second = new Ear(subscriber, "a");
    const first = new Ear(subscriber, "a", { throws: () => first.subscription.close() });
    await join();
    for (const data of [1, 2, 3]) publisher.publish("a", data);
    await second.until(3);
    await turns();
    assert.deepEqual(first.data, [1]);
  });

  story("a mesh that is closed neither publishes nor listens", async ({ publisher, subscriber }) => {
    await publisher.close();
    await subscriber.close();
    assert.throws(() => publisher.publish("a", ""), { code: "PEER_LOST" });
    assert.throws(() => subscriber.subscribe("a", () => {}), { code: "PEER_LOST" });
  });

  story("counts what it publishes and hears", async ({ publisher, subscriber, join }) => {
    const ear = new Ear(subscriber, "a");
    await join();
    for (const data of [1, 2, 3]) publisher.publish("a", data);
    await ear.until(3);
    assert.equal(publisher.counts().events.published, 3);
    assert.equal(subscriber.counts().events.received, 3);
    assert.equal(publisher.counts().events.dropped, 0);
  });
}

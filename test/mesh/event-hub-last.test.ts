import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../../src/core/random.js";
import type { MeshEvent, SubscribeOptions } from "../../src/mesh/event.js";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import { turns } from "../contract/waiting.js";
import { cases } from "../long.js";
import { End, Process, settle, UNPROVEN, Wire } from "./event-hub-rig.js";

/** Somebody who listens, and what he has heard. */
function listen(process: Process, pattern: string, options: SubscribeOptions = {}) {
  const events: MeshEvent[] = [];
  const subscription = process.hub.subscribe(pattern, (event) => events.push(event), options);
  return {
    events,
    subscription,
    get data() {
      return events.map(({ data }) => data);
    },
  };
}

const last = { last: true } as const;
const count = (length: number) => Array.from({ length }, (_, index) => index);

test("EventHub shares the events of a queue out among processes, turn by turn, whatever the subject", async () => {
  const processes = [new Process(), new Process(), new Process()] as const;
  const [near, ...others] = processes;
  const wires = others.map((far) => new Wire(near, far));
  const members = processes.map((process) => listen(process, "job.>", { queue: "q" }));
  settle(processes, wires);
  // More subjects than are kept in mind.
  for (const job of count(3_000)) assert.equal(near.hub.publish(`job.${job}`, job), 1);
  settle(processes, wires);
  await turns();
  for (const { events } of members) assert.equal(events.length, 1_000);
});

test("EventHub hands an event to one subscription of a process that was chosen", () => {
  const [near, far] = [new Process(), new Process()];
  const wire = new Wire(near, far);
  const members = [listen(far, "a", { queue: "q" }), listen(far, "*", { queue: "q" })];
  const [other, all] = [listen(far, "a", { queue: "r" }), listen(far, "a")];
  settle([near, far], [wire]);
  for (const data of count(10))
    assert.equal(near.hub.publish("a", data), 3, "one link, and one for each queue");
  settle([near, far], [wire]);
  assert.deepEqual(
    members.map(({ events }) => events.length),
    [5, 5],
  );
  for (const { data } of [other, all]) assert.deepEqual(data, count(10));
});

test("EventHub turns to the next of a queue when a link is full or has ended, and counts what nobody takes", () => {
  const processes = [new Process(), new Process(), new Process()] as const;
  const [near, one, other] = processes;
  const wires = [new Wire(near, one), new Wire(near, other)] as const;
  const members = [listen(one, "a", { queue: "q" }), listen(other, "a", { queue: "q" })];
  settle(processes, wires);
  wires[0].ends[0].isFull = true;
  for (const data of [1, 2]) assert.equal(near.hub.publish("a", data), 1);
  settle(processes, wires);
  assert.deepEqual(
    members.map(({ data }) => data),
    [[], [1, 2]],
  );
  wires[0].ends[0].isFull = false;
  wires[1].cut();
  near.hub.publish("a", 3);
  settle(processes, wires);
  assert.deepEqual(members[0]?.data, [3]);
  assert.equal(near.hub.tally.dropped, 0);
  wires[0].ends[0].isFull = true;
  assert.equal(near.hub.publish("a", 4), 0);
  assert.equal(near.hub.tally.dropped, 1);
});

test("EventHub keeps the order of plain events and those of queues", () => {
  const [near, far] = [new Process(), new Process()];
  const wire = new Wire(near, far);
  const order: unknown[] = [];
  far.hub.subscribe("*", ({ data }) => order.push(data));
  far.hub.subscribe("b", ({ data }) => order.push(data), { queue: "q" });
  settle([near, far], [wire]);
  for (const [subject, data] of [
    ["a", 1],
    ["b", 2],
    ["a", 3],
  ] as const)
    near.hub.publish(subject, data);
  settle([near, far], [wire]);
  assert.deepEqual(order, [1, 2, 2, 3]);
});

test("EventHub tells last events of a process that comes later, once", () => {
  const [near, far] = [new Process(), new Process()];
  const ear = listen(far, ">", last);
  for (const data of [1, 2]) near.hub.publish("a", data);
  near.hub.publish("b", Uint8Array.of(7));
  const first = new Wire(near, far);
  settle([near, far], [first]);
  assert.deepEqual(ear.data, [2, Uint8Array.of(7)]);
  assert.equal(ear.events[0]?.from, "one");
  near.hub.publish("a", 3);
  settle([near, far], [first]);
  first.cut();
  near.hub.publish("b", "while it was away");
  const second = new Wire(far, near);
  settle([near, far], [second]);
  assert.deepEqual(ear.data, [2, Uint8Array.of(7), 3, "while it was away"]);
  second.cut();
  settle([near, far], [new Wire(near, far)]);
  assert.equal(ear.events.length, 4);
});

test("EventHub tells last events to who asked only", () => {
  const [near, far] = [new Process(), new Process()];
  const wire = new Wire(near, far);
  const early = listen(far, "a");
  settle([near, far], [wire]);
  near.hub.publish("a", 1);
  settle([near, far], [wire]);
  const [late, unasked] = [listen(far, "a", last), listen(far, "a")];
  settle([near, far], [wire]);
  const later = listen(far, "*", last);
  settle([near, far], [wire]);
  assert.deepEqual(
    [early, late, later, unasked].map(({ data }) => data),
    [[1], [1], [1], []],
  );
});

test("EventHub lets nothing past whom it owes last events, and nothing twice", () => {
  const [near, far] = [new Process(), new Process()];
  const wire = new Wire(near, far);
  listen(far, ">");
  settle([near, far], [wire]);
  near.hub.publish("a", 1);
  near.endTurn();
  const ear = listen(far, "*", last);
  far.endTurn();
  near.hub.publish("b", 2); // it has not heard of the ask
  near.endTurn();
  wire.deliver(0);
  wire.deliver(0);
  near.hub.publish("a", 3); // in the same turn as the answer
  wire.deliver(1);
  near.hub.publish("a", 4);
  settle([near, far], [wire]);
  assert.deepEqual(ear.data, [2, 3, 4]);
});

test("EventHub tells its own process what it published last, as it was then", async () => {
  const { hub } = new Process();
  const list = [1];
  const bytes = Uint8Array.of(1);
  hub.publish("list", list, { headers: { n: "1" } });
  hub.publish("bytes", bytes);
  list.push(2);
  bytes[0] = 2;
  const events: MeshEvent[] = [];
  const hear = (event: MeshEvent) => {
    events.push(event);
    if (event.data instanceof Uint8Array) event.data[0] = 9;
  };
  for (const _ of [1, 2]) hub.subscribe(">", hear, last);
  hub.publish("list", 3);
  await turns();
  assert.deepEqual(
    events.map(({ data, headers }) => [data instanceof Uint8Array ? "bytes" : data, headers]),
    [
      [[1], { n: "1" }],
      ["bytes", {}],
      [[1], { n: "1" }],
      ["bytes", {}],
      [3, {}],
      [3, {}],
    ],
  );
});

test("EventHub keeps the last events of 1 024 subjects, of 1 MiB together, and counts what it forgets", async () => {
  const many = new Process();
  for (const at of count(1_030)) many.hub.publish(`a.${at}`, at);
  many.hub.publish("a.6", "again");
  many.hub.publish("a.new", "");
  const heard = listen(many, ">", last);
  await turns();
  assert.equal(many.hub.tally.forgotten, 7);
  assert.deepEqual(heard.data, [...count(1_030).slice(8), "again", ""]);

  const large = new Process();
  const text = "x".repeat(65_000);
  for (const at of count(20)) large.hub.publish(`a.${at}`, text);
  for (const _ of count(100)) large.hub.publish("a.19", text);
  const some = listen(large, ">", last);
  await turns();
  assert.deepEqual([some.events.length, large.hub.tally.forgotten], [16, 4]);
});

test("EventHub goes on with last events when a full link has room, with newer ones in place of older", () => {
  const [near, far] = [new Process(), new Process()];
  const wire = new Wire(near, far);
  listen(far, ">");
  for (const at of count(10)) near.hub.publish(`a.${at}`, at);
  settle([near, far], [wire]);
  const ear = listen(far, "*.*", last);
  const [end] = wire.ends;
  let left = 3;
  Object.defineProperty(end, "isFull", { get: () => left-- <= 0, configurable: true });
  settle([near, far], [wire]);
  assert.deepEqual(ear.data, [0, 1, 2]);
  Object.defineProperty(end, "isFull", { value: false, writable: true });
  near.hub.publish("a.1", "new");
  near.hub.publish("a.7", "new");
  settle([near, far], [wire]);
  assert.deepEqual(ear.data, [0, 1, 2], "nothing before the rest");
  end.input?.room();
  settle([near, far], [wire]);
  near.hub.publish("a.1", "last");
  settle([near, far], [wire]);
  assert.deepEqual(ear.data, [0, 1, 2, 3, 4, 5, 6, 8, 9, "new", "new", "last"]);
});

test("EventHub waits for no last events of who knows of none", () => {
  const far = new Process();
  const ear = listen(far, "a", last);
  const end = new End();
  const input = far.hub.join(end, { process: "old", node: "old", ...UNPROVEN });
  input?.interest({ process: "old", patterns: [] });
  input?.event("a", 1, undefined, 1, undefined);
  assert.deepEqual(ear.data, [1]);
});

test("EventHub says nothing of queues and last events to who has told of none", () => {
  const near = new Process();
  const end = new End();
  const input = near.hub.join(end, { process: "old", node: "old", ...UNPROVEN });
  end.frames.splice(0);
  input?.interest({ process: "old", patterns: ["a"] });
  near.hub.publish("a", "1");
  near.endTurn();
  const expected = new FrameWriter();
  expected.event("a", "1", undefined);
  assert.deepEqual(end.frames, [expected.take()]);
});

test("EventHub hears nothing that is addressed to who does not listen, or not to that", () => {
  const near = new Process();
  const [ear, member] = [listen(near, "a", last), listen(near, "a", { queue: "q" })];
  const input = near.hub.join(new End(), { process: "stranger", node: undefined, ...UNPROVEN });
  for (const [subject, to] of [
    ["a", { ask: 2 }],
    ["a", { ask: 0 }],
    ["b", { ask: 1 }],
    ["a", { queue: "r" }],
    ["b", { queue: "q" }],
  ] as const)
    input?.event(subject, "", undefined, 1, to);
  assert.deepEqual([ear.events, member.events], [[], []]);
  input?.event("a", 1, undefined, 1, { ask: 1 });
  input?.event("a", 2, undefined, 1, { queue: "q" });
  assert.deepEqual([ear.data, member.data], [[1], [2]]);
});

test("EventHub looks for last events in no longer than for listeners, however many ask", () => {
  const near = new Process();
  for (const at of count(1_024)) near.hub.publish(`${"a.".repeat(15)}a${at}`, "");
  const end = new End();
  const input = near.hub.join(end, { process: "stranger", node: undefined, ...UNPROVEN });
  const patterns = count(1_024).map((number) =>
    count(16)
      .map((bit) => (bit < 10 && number & (1 << bit) ? "*" : bit === 15 ? `b${number}` : "a"))
      .join("."),
  );
  const startMs = performance.now();
  input?.interest({
    process: "stranger",
    patterns,
    last: patterns.map((pattern, at) => [at + 1, pattern, 0]),
  });
  assert.ok(performance.now() - startMs < 5_000);
});

/** Two processes between which links come and go, and those who want last events. @returns How much they heard. */
function runChaos(seed: number): number {
  const random: Random = seededRandom(seed);
  const draw = (below: number) => Math.floor(random() * below);
  const [near, far] = [new Process(), new Process()];
  const wires: Wire[] = [new Wire(near, far)];
  const ears = [listen(far, "n.*", last)];
  const latest = new Map<string, number>();
  let next = 0;
  const publish = () => {
    const subject = `n.${draw(3)}`;
    latest.set(subject, next);
    near.hub.publish(subject, next++);
  };
  for (let step = 0; step < 300; step++) {
    const wire = wires[draw(wires.length)];
    const side = draw(2) === 0 ? 0 : 1;
    const what = draw(60);
    if (what < 14) publish();
    else if (what < 34) wire?.deliver(side);
    else if (what < 52) [near, far][side]?.endTurn();
    else if (what < 55 && wires.length < 4)
      wires.push(random() < 0.5 ? new Wire(near, far) : new Wire(far, near));
    else if (what < 57) wire?.ends[side].end();
    else if (what === 57 && ears.length < 6)
      ears.push(listen(far, ["n.*", "n.>", "n.1"][draw(3)] ?? "", last));
    else if (what === 58 && ears.length > 0) ears.splice(draw(ears.length), 1)[0]?.subscription.close();
    else if (what === 59 && wire?.ends.every(({ isOver }) => isOver)) wires.splice(wires.indexOf(wire), 1);
  }
  for (const wire of wires) wire.cut();
  settle([near, far], [new Wire(near, far)]);
  for (const { subscription, events } of ears) {
    const numbers = events.map(({ data }) => Number(data));
    numbers.forEach((number, at) => {
      assert.ok(
        at === 0 || number > (numbers[at - 1] ?? 0),
        `seed ${seed}: ${numbers.slice(at - 1, at + 1)}`,
      );
    });
    for (const [subject, data] of latest)
      if (subscription.pattern !== "n.1" || subject === "n.1")
        assert.equal(events.findLast((event) => event.subject === subject)?.data, data, `seed ${seed}`);
  }
  return ears.reduce((sum, { events }) => sum + events.length, 0);
}

test("who wants last events knows the last of each subject, in order and once, whatever becomes of links", () => {
  const runs = cases(300, 10_000);
  let heard = 0;
  for (let seed = 0; seed < runs; seed++) heard += runChaos(seed);
  assert.ok(heard > runs * 10, `${heard} events in ${runs} runs show little`);
});

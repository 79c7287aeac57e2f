import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../../src/core/random.js";
import type { EventInput } from "../../src/mesh/framed/event-exchange.js";
import type { Ask, Interest, QueueInterest } from "../../src/mesh/framed/records.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import { cases } from "../long.js";
import { End, Process, settle, UNPROVEN, Wire } from "./event-hub-rig.js";

test("EventHub sends over one of two links, and over the other when that has ended", () => {
  const [near, far] = [new Process(), new Process()];
  const wires = [new Wire(near, far), new Wire(near, far)];
  far.subscribe("a");
  far.subscribe(">");
  settle([near, far], wires);
  const [first, second] = wires;
  assert.equal(near.hub.publish("a", 1), 1);
  settle([near, far], wires);
  first?.cut();
  settle([near, far], wires);
  assert.equal(near.hub.publish("a", 2), 1);
  settle([near, far], wires);
  second?.cut();
  assert.equal(near.hub.publish("a", 3), 0);
  assert.deepEqual(far.data, [1, 1, 2, 2]);
  assert.equal(far.heard[0]?.from, "one");
});

test("EventHub waits for who does not answer no longer than for a greeting", async () => {
  const near = new Process();
  near.hub.join(new End(), { process: "mute", node: undefined, ...UNPROVEN });
  const settled = near.hub.settle();
  near.clock.advance(DEFAULT_LIMITS.handshakeMs);
  await settled;
});

test("EventHub.settle() says how many who listened may not have read what was published", async () => {
  const [near, far] = [new Process(), new Process()];
  const wire = new Wire(near, far);
  far.subscribe("a");
  settle([near, far], [wire]);
  const asked = (then: () => void) => {
    near.hub.publish("a", 1);
    const settled = near.hub.settle();
    then();
    return settled;
  };
  assert.equal(await asked(() => wire.deliverAll()), 0);
  assert.equal(await asked(() => near.clock.advance(DEFAULT_LIMITS.handshakeMs)), 1);
  assert.equal(await asked(() => wire.deliverAll()), 0);
  assert.equal(await asked(() => wire.cut()), 1);
  assert.equal(await near.hub.settle(), 0);
  assert.deepEqual(far.data, [1, 1, 1]);
});

test("EventHub.settle() does not mind who left in order, or was sent nothing", async () => {
  const [near, far] = [new Process(), new Process()];
  const wires = [new Wire(near, far), new Wire(near, far)];
  const subscription = far.subscribe("a");
  settle([near, far], wires);
  near.hub.publish("a", 1);
  near.endTurn();
  subscription.close();
  far.endTurn();
  wires[0]?.deliver(1);
  for (const wire of wires) wire.cut();
  assert.equal(await near.hub.settle(), 0);
});

test("EventHub needs no link to itself", () => {
  const { hub, process } = new Process();
  assert.equal(hub.join(new End(), { process, node: "self", ...UNPROVEN }), undefined);
});

test("EventHub tells an interest once a turn, all of it", () => {
  const [near, far] = [new Process(), new Process()];
  const wire = new Wire(near, far);
  settle([near, far], [wire]);
  const subscriptions = ["a", "b", "c"].map((pattern) => far.subscribe(pattern));
  subscriptions[1]?.close();
  far.endTurn();
  const [frame, ...more] = wire.ends[1].frames;
  assert.ok(frame && more.length === 0);
  const json = JSON.stringify({ process: far.process, patterns: ["a", "c"], last: [] });
  assert.deepEqual(Buffer.from(frame), Buffer.from([0x30, json.length, ...Buffer.from(json)]));
});

test("EventHub says nothing of itself before it takes part, and then says it on every link", () => {
  const [near, far] = [new Process({}, false), new Process()];
  far.subscribe("a");
  const wire = new Wire(near, far);
  settle([near, far], [wire]);
  assert.equal(wire.ends[1].input, undefined);
  assert.equal(near.hub.publish("a", "nobody is known yet"), 0);
  settle([near, far], [wire]);
  assert.equal(near.hub.publish("a", 1), 1);
  settle([near, far], [wire]);
  assert.deepEqual(far.data, [1]);
});

test("EventHub encodes an event once, and hands a turn's to each link together", () => {
  const near = new Process();
  const wires = Array.from({ length: 3 }, () => {
    const far = new Process();
    far.subscribe("a");
    return { far, wire: new Wire(near, far) };
  });
  const all = [near, ...wires.map(({ far }) => far)];
  settle(
    all,
    wires.map(({ wire }) => wire),
  );
  for (const data of [1, 2, 3]) assert.equal(near.hub.publish("a", data), 3);
  near.endTurn();
  for (const { wire } of wires) assert.equal(wire.ends[0].frames.length, 1);
  settle(
    all,
    wires.map(({ wire }) => wire),
  );
  for (const { far } of wires) assert.deepEqual(far.data, [1, 2, 3]);
});

test("EventHub drops what a full link does not take, and counts it", () => {
  const [near, far] = [new Process(), new Process()];
  const wire = new Wire(near, far);
  far.subscribe("a");
  settle([near, far], [wire]);
  wire.ends[0].isFull = true;
  for (const data of [1, 2]) near.hub.publish("a", data);
  settle([near, far], [wire]);
  assert.equal(near.hub.tally.dropped, 2);
  wire.ends[0].isFull = false;
  near.hub.publish("a", 3);
  settle([near, far], [wire]);
  assert.deepEqual(far.data, [3]);
});

test("EventHub holds no more events for its own process than may wait", async () => {
  const process = new Process({ queued: 10 });
  process.subscribe("a");
  for (let data = 0; data < 25; data++) process.hub.publish("a", data);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(process.heard.length, 10);
  assert.equal(process.hub.tally.dropped, 15);
});

test("EventHub listens to 1 024 patterns, and no more", () => {
  const { hub } = new Process();
  const listen = (number: number) => hub.subscribe(`a.${number}`, () => {});
  const [first] = Array.from({ length: 1_024 }, (_, number) => listen(number));
  assert.throws(() => listen(1_024), { code: "MESSAGE_INVALID", message: /1024 patterns/ });
  listen(7); // one more of the same
  first?.close();
  listen(1_024);
});

const told = (
  patterns: readonly string[],
  queues: readonly QueueInterest[] = [],
  last: readonly Ask[] = [],
): Interest => ({ process: "stranger", patterns, queues, last });
const many = Array.from({ length: 1_025 }, (_, at) => at);

const HOSTILE: readonly (readonly [what: string, say: (input: EventInput) => void])[] = [
  [
    "100 000 patterns",
    (input) => input.interest(told(Array.from({ length: 100_000 }, (_, at) => `a.${at}`))),
  ],
  ["1 025 patterns", (input) => input.interest(told(Array.from({ length: 1_025 }, (_, at) => `a.${at}`)))],
  ["a giant pattern", (input) => input.interest(told(["x".repeat(900_000)]))],
  ["a pattern of 17 words", (input) => input.interest(told([Array(17).fill("*").join(".")]))],
  ["a pattern that is none", (input) => input.interest(told(["fine", "a..b"]))],
  ["a giant subject", (input) => input.event("x".repeat(900_000), "", undefined, 1, undefined)],
  ["a subject with a wildcard", (input) => input.event("a.*", "", undefined, 1, undefined)],
  ["an empty subject", (input) => input.event("", "", undefined, 1, undefined)],
  ["data over the limit", (input) => input.event("a", "", undefined, 80_000, undefined)],
  [
    "1 025 queues",
    (input) =>
      input.interest(
        told(
          [],
          many.map((at) => [`a.${at}`, "q"]),
        ),
      ),
  ],
  ["a queue that is none", (input) => input.interest(told([], [["a", "q q"]]))],
  ["a queue's pattern that is none", (input) => input.interest(told([], [["a..b", "q"]]))],
  [
    "1 025 asks",
    (input) =>
      input.interest(
        told(
          ["a"],
          [],
          many.map((at) => [at, "a", 0]),
        ),
      ),
  ],
  ["an ask for what it does not listen to", (input) => input.interest(told(["a"], [], [[1, "b", 0]]))],
];
for (const [what, say] of HOSTILE) {
  test(`EventHub refuses ${what}, and others go on`, () => {
    const [near, far] = [new Process(), new Process()];
    const end = new End();
    const input = near.hub.join(end, { process: "stranger", node: undefined, ...UNPROVEN });
    near.subscribe(">");
    assert.ok(input);
    assert.throws(() => say(input), { code: "MESSAGE_INVALID" });
    end.end();
    input.ended();
    const wire = new Wire(near, far);
    settle([near, far], [wire]);
    assert.equal(near.hub.publish("a.b", ""), 1, "itself");
    far.hub.publish("a.b", "fine");
    settle([near, far], [wire]);
    assert.deepEqual(near.data, ["fine"]);
  });
}

test("EventHub finds listeners among the most patterns that a peer may have, however they branch", () => {
  const near = new Process();
  const end = new End();
  const input = near.hub.join(end, { process: "stranger", node: undefined, ...UNPROVEN });
  const bits = Array.from({ length: 1_024 }, (_, number) =>
    Array.from({ length: 16 }, (_, bit) => (number & (1 << (bit % 10)) ? "*" : "a")).join("."),
  );
  input?.interest(told(bits));
  const startMs = performance.now();
  for (let round = 0; round < 20; round++)
    near.hub.publish(`${"a.".repeat(15)}${round === 0 ? "a" : `a${round}`}`, "");
  assert.ok(performance.now() - startMs < 1_000);
});

/** Two processes between which links come and go, frames take their time, and each end learns of a cut when it does. */
function runChaos(seed: number): number {
  const random: Random = seededRandom(seed);
  const draw = (count: number) => Math.floor(random() * count);
  const [near, far] = [new Process(), new Process()];
  const wires: Wire[] = [new Wire(near, far)];
  let subscription: ReturnType<Process["subscribe"]> | undefined = far.subscribe("n.*");
  let next = 0;
  for (let step = 0; step < 300; step++) {
    const wire = wires[draw(wires.length)];
    const side = draw(2) === 0 ? 0 : 1;
    const what = draw(60);
    if (what < 14) near.hub.publish(`n.${draw(2)}`, next++);
    else if (what < 36) wire?.deliver(side);
    else if (what < 54) [near, far][side]?.endTurn();
    else if (what < 57 && wires.length < 4)
      wires.push(random() < 0.5 ? new Wire(near, far) : new Wire(far, near));
    else if (what === 57) wire?.ends[side].end();
    else if (what === 58) {
      subscription?.close();
      subscription = subscription ? undefined : far.subscribe("n.*");
    } else if (what === 59 && wire?.ends.every(({ isOver }) => isOver)) wires.splice(wires.indexOf(wire), 1);
  }
  const numbers = far.data.map(Number);
  numbers.forEach((number, at) => {
    assert.ok(at === 0 || number > (numbers[at - 1] ?? 0), `seed ${seed}: ${numbers.slice(at - 1, at + 1)}`);
  });
  for (const wire of wires) wire.cut();
  const last = new Wire(near, far);
  subscription ??= far.subscribe("n.*");
  settle([near, far], [last]);
  near.hub.publish("n.0", "end");
  settle([near, far], [last]);
  assert.deepEqual(
    far.data.filter((data) => data === "end"),
    ["end"],
    `seed ${seed}`,
  );
  return numbers.length;
}

test("events arrive in order and at most once, whatever becomes of the links", () => {
  const runs = cases(200, 5_000);
  let heard = 0;
  for (let seed = 0; seed < runs; seed++) heard += runChaos(seed);
  assert.ok(heard > runs * 10, `${heard} events in ${runs} runs show little`);
});

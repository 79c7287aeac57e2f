import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PinMemory } from "../../../src/board/session/memory/pin-memory.js";
import { OutboxQueue, type Replaced } from "../../../src/board/session/outbox/outbox-queue.js";
import { decodeToBoard, encodeToBoard, type ToBoard } from "../../../src/firmata/to-board.js";
import { cases } from "../../long.js";

/** A queue as the session fills it, and what leaves it. */
class Rig {
  readonly memory = new PinMemory();
  readonly queue = new OutboxQueue();
  readonly replaced: Replaced[] = [];
  readonly left: ToBoard[] = [];
  #writes = 0;

  constructor(ordered: readonly number[] = []) {
    for (const pin of ordered) this.queue.keepOrder(pin);
  }

  tell(...messages: readonly ToBoard[]): this {
    for (const message of messages) {
      const frame = encodeToBoard(message);
      const { write } = this.memory.remember(frame);
      if (this.queue.merge(frame, write, (what) => this.replaced.push(what))) continue;
      this.queue.push({ frame, write, sinceMs: 0, number: write ? ++this.#writes : 0 });
    }
    return this;
  }

  leave(messages = Number.POSITIVE_INFINITY): ToBoard[] {
    for (let count = 0; count < messages; count++) {
      const next = this.queue.shift();
      if (next === undefined) break;
      this.left.push(decodeToBoard(next.frame));
    }
    return this.left;
  }
}

const port = (number: number, levels: number): ToBoard => ({ type: "digitalPort", port: number, levels });
const analog = (pin: number, value: number): ToBoard => ({ type: "analog", pin, value });
const mode = (pin: number): ToBoard => ({ type: "pinMode", pin, mode: 1 });
const query: ToBoard = { type: "queryPinState", pin: 9 };

const ROWS: readonly (readonly [what: string, told: readonly ToBoard[], left: readonly ToBoard[]])[] = [
  ["a port's levels by its last", [port(0, 4), port(1, 1), port(0, 8)], [port(0, 8), port(1, 1)]],
  ["a pin's value by its last", [analog(3, 1), analog(5, 1), analog(3, 2)], [analog(3, 2), analog(5, 1)]],
  ["nothing across a mode", [port(0, 4), mode(7), port(0, 8)], [port(0, 4), mode(7), port(0, 8)]],
  ["nothing across a query", [analog(9, 1), query, analog(9, 2)], [analog(9, 1), query, analog(9, 2)]],
  ["again behind it", [port(0, 4), query, port(0, 8), port(0, 0)], [port(0, 4), query, port(0, 0)]],
  [
    "nothing of one pin alone",
    [
      { type: "digitalPin", pin: 7, level: 1 },
      { type: "digitalPin", pin: 7, level: 0 },
    ],
    [
      { type: "digitalPin", pin: 7, level: 1 },
      { type: "digitalPin", pin: 7, level: 0 },
    ],
  ],
];
for (const [what, told, left] of ROWS) {
  test(`OutboxQueue replaces ${what}`, () => assert.deepEqual(new Rig().tell(...told).leave(), left));
}

const ORDERED: readonly (readonly [what: string, told: readonly ToBoard[], left: readonly ToBoard[]])[] = [
  ["each level", [port(1, 32), port(1, 0), port(1, 32)], [port(1, 32), port(1, 0), port(1, 32)]],
  ["a level beside other pins' last ones", [port(1, 1), port(1, 33), port(1, 34)], [port(1, 34)]],
  ["each PWM value", [analog(13, 1), analog(13, 2)], [analog(13, 1), analog(13, 2)]],
  ["the order of two pins of a port", [port(1, 32), port(1, 48)], [port(1, 32), port(1, 48)]],
  [
    "the order of pins of two ports",
    [port(1, 1), port(0, 128), port(1, 33), port(0, 0)],
    [port(1, 1), port(0, 128), port(1, 33), port(0, 0)],
  ],
];
for (const [what, told, left] of ORDERED) {
  test(`OutboxQueue keeps, of ordered pins, ${what}`, () =>
    assert.deepEqual(new Rig([7, 12, 13]).tell(...told).leave(), left));
}

test("OutboxQueue says which pins' values will never be sent", () => {
  const { replaced, queue } = new Rig().tell(port(1, 0b01), port(1, 0b11), port(1, 0b00));
  assert.deepEqual(replaced, [{ number: 1, port: 1, pins: 0b11 }]);
  assert.equal(queue.superseded, 1);
});

test("OutboxQueue takes no more into a message that has left", () => {
  const rig = new Rig().tell(port(1, 1));
  rig.leave(1);
  rig.tell(port(1, 0));
  assert.deepEqual(rig.leave(), [port(1, 1), port(1, 0)]);
  assert.deepEqual(rig.replaced, []);
});

test("OutboxQueue counts messages and bytes, also of replaced ones, and of long queues", () => {
  const rig = new Rig([13]);
  for (let write = 1; write <= 3_000; write++) rig.tell(port(1, write % 2 ? 32 : 0));
  assert.deepEqual([rig.queue.length, rig.queue.bytes], [3_000, 9_000]);
  rig.leave(2_999);
  rig.tell(analog(3, 1), { type: "extendedAnalog", pin: 3, value: 300_000 });
  assert.deepEqual([rig.queue.length, rig.queue.bytes], [2, 3 + 8]);
});

const ORDERED_PINS = [3, 7, 12];
const message: fc.Arbitrary<ToBoard> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ port: fc.nat(1), levels: fc.nat(255) }).map((at) => port(at.port, at.levels)),
  },
  {
    weight: 4,
    arbitrary: fc.record({ pin: fc.nat(7), value: fc.nat(255) }).map((at) => analog(at.pin, at.value)),
  },
  { weight: 1, arbitrary: fc.nat(15).map(mode) },
  { weight: 1, arbitrary: fc.nat(15).map((pin): ToBoard => ({ type: "queryPinState", pin })) },
);
const step = fc.oneof(
  { weight: 4, arbitrary: message },
  { weight: 1, arbitrary: fc.nat(4).map((leave) => ({ leave })) },
);

/** Changes of the ordered pins that messages make, in order; within one message by pin. */
function orderedChanges(messages: readonly ToBoard[]): string[] {
  const levels = [0, 0];
  return messages.flatMap((each) => {
    if (each.type === "analog") return ORDERED_PINS.includes(each.pin) ? [`${each.pin} = ${each.value}`] : [];
    // A pin that is made an output is low.
    if (each.type === "pinMode") {
      const level = levels[each.pin >> 3] ?? 0;
      levels[each.pin >> 3] = level & ~(1 << (each.pin & 7));
      return ORDERED_PINS.includes(each.pin) && (level >> (each.pin & 7)) & 1 ? [`${each.pin} low`] : [];
    }
    if (each.type !== "digitalPort") return [];
    const changed = (levels[each.port] ?? 0) ^ each.levels;
    levels[each.port] = each.levels;
    return ORDERED_PINS.filter((pin) => pin >> 3 === each.port && (changed >> (pin & 7)) & 1).map(
      (pin) => `${pin} ${(each.levels >> (pin & 7)) & 1 ? "high" : "low"}`,
    );
  });
}

/** What a board has after messages. */
function valuesAfter(messages: readonly ToBoard[]): string {
  const values = new Map<string, number>();
  for (const each of messages) {
    if (each.type === "digitalPort") values.set(`port ${each.port}`, each.levels);
    if (each.type === "analog") values.set(`pin ${each.pin}`, each.value);
  }
  return JSON.stringify([...values].sort());
}

/** What is no value, each with all values as they are when it is executed. */
function barriers(messages: readonly ToBoard[]): string[] {
  return messages.flatMap((each, at) =>
    each.type === "digitalPort" || each.type === "analog"
      ? []
      : [`${JSON.stringify(each)} after ${valuesAfter(messages.slice(0, at))}`],
  );
}

test("OutboxQueue lets through final values, ordered ones and barriers, whatever is told and whenever it leaves", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rig = new Rig(ORDERED_PINS);
      const told: ToBoard[] = [];
      for (const each of steps) {
        if ("leave" in each) {
          rig.leave(each.leave);
        } else {
          rig.tell(each);
          told.push(each);
        }
      }
      const left = rig.leave();
      // A mode that is set makes no output low in this model: the pins' modes are another test's.
      assert.equal(valuesAfter(left), valuesAfter(told));
      assert.deepEqual(orderedChanges(left), orderedChanges(told));
      assert.deepEqual(barriers(left), barriers(told));
      assert.ok(left.length <= told.length);
    }),
    { numRuns: cases(500, 20_000), seed: 6 },
  );
});

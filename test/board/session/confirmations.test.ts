import assert from "node:assert/strict";
import { test } from "node:test";
import { Confirmations } from "../../../src/board/session/confirm/confirmations.js";
import { PinMemory } from "../../../src/board/session/memory/pin-memory.js";
import { Missed } from "../../../src/board/session/outbox/missed.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { decodeToBoard, encodeToBoard, type ToBoard } from "../../../src/firmata/to-board.js";

/** Confirmations on a wire whose messages the test sees. */
function rig({ echoes = false } = {}) {
  const clock = new ManualClock();
  const memory = new PinMemory();
  const sent: ToBoard[] = [];
  const marks: (() => void)[] = [];
  const confirmations = new Confirmations({
    memory,
    clock,
    missed: new Missed(
      () => "/dev/rig",
      () => {},
    ),
    outbox: {
      send: (frame) => void sent.push(decodeToBoard(frame)),
      mark: (answered) => void marks.push(answered),
      get freeAtMs() {
        return clock.now();
      },
      oldestMs: Number.POSITIVE_INFINITY,
      isOverfull: false,
      refusal: () => assert.fail("it is not full"),
    },
  });
  const tell = (message: ToBoard) => {
    const { write } = memory.remember(encodeToBoard(message));
    if (write) confirmations.wrote(write);
  };
  tell({ type: "pinMode", pin: 13, mode: 1 });
  if (echoes) {
    confirmations.startEchoes();
    confirmations.receive({ type: "echoing", on: true });
  }
  const write = (level: number) => tell({ type: "digitalPort", port: 1, levels: level << 5 });
  const answer = (mode: number, value: number) =>
    confirmations.receive({ type: "pinState", pin: 13, mode, value });
  const echo = (level: number, count: number) =>
    confirmations.receive({ type: "echo", port: 1, levels: level << 5, count });
  return { clock, sent, marks, confirmations, tell, write, answer, echo };
}

const settled = async (promise: Promise<void>): Promise<string> => {
  const pending = Symbol();
  const first = await Promise.race([
    promise.then(
      () => "confirmed",
      (error: { code: string }) => error.code,
    ),
    new Promise((resolve) => setImmediate(() => resolve(pending))),
  ]);
  return first === pending ? "waiting" : String(first);
};

test("confirm() asks for each pin that was written, and waits for its answer", async () => {
  const { confirmations, sent, write, answer } = rig();
  write(1);
  const confirmed = confirmations.confirm();
  assert.deepEqual(sent, [{ type: "queryPinState", pin: 13 }]);
  assert.equal(await settled(confirmed), "waiting");
  answer(1, 1);
  assert.equal(await settled(confirmed), "confirmed");
});

test("confirm() with nothing written since resolves at once, and behind one that waits with it", async () => {
  const { confirmations, write, answer } = rig();
  write(1);
  const first = confirmations.confirm();
  const second = confirmations.confirm();
  assert.equal(await settled(second), "waiting");
  answer(1, 1);
  assert.equal(await settled(first), "confirmed");
  assert.equal(await settled(second), "confirmed");
  assert.equal(await settled(confirmations.confirm()), "confirmed");
});

test("one answer does not satisfy two who wait", async () => {
  const { confirmations, write, answer } = rig();
  write(1);
  const first = confirmations.confirm();
  write(0);
  const second = confirmations.confirm();
  answer(1, 1);
  assert.equal(await settled(first), "confirmed");
  assert.equal(await settled(second), "waiting");
  answer(1, 0);
  assert.equal(await settled(second), "confirmed");
});

for (const [what, mode, value, message] of [
  ["value", 1, 0, /pin 13: wrote OUTPUT 1, the board has OUTPUT 0/],
  ["mode", 0, 1, /pin 13: wrote OUTPUT 1, the board has INPUT 1/],
] as const) {
  test(`confirm() rejects when the board has another ${what}`, async () => {
    const { confirmations, write, answer } = rig();
    write(1);
    const confirmed = confirmations.confirm();
    answer(mode, value);
    await assert.rejects(confirmed, { code: "PIN_UNCONFIRMED", message });
  });
}

test("confirm() rejects after a second without an answer, and leaves no timer", async () => {
  const { confirmations, clock, write } = rig();
  write(1);
  const confirmed = confirmations.confirm();
  clock.advance(999);
  assert.equal(await settled(confirmed), "waiting");
  clock.advance(1);
  await assert.rejects(confirmed, { code: "PIN_UNCONFIRMED" });
  assert.equal(clock.pending, 0);
});

test("an answer to somebody else's query is left to them", () => {
  const { confirmations, answer } = rig();
  confirmations.queried(13);
  assert.equal(answer(1, 0), false);
});

test("a pin's own query, before and after ours, does not take our answer", async () => {
  const { confirmations, write, answer } = rig();
  confirmations.queried(13);
  write(1);
  const confirmed = confirmations.confirm();
  confirmations.queried(13);
  assert.equal(answer(1, 0), false);
  assert.equal(await settled(confirmed), "waiting");
  assert.equal(answer(1, 1), true);
  assert.equal(await settled(confirmed), "confirmed");
  assert.equal(answer(1, 1), false);
});

test("an echo confirms a level without a query, once the mode is known", async () => {
  const { confirmations, sent, write, answer, echo } = rig({ echoes: true });
  write(1);
  const first = confirmations.confirm();
  echo(1, 1);
  answer(1, 1);
  assert.equal(await settled(first), "confirmed");
  sent.length = 0;
  write(0);
  const second = confirmations.confirm();
  assert.deepEqual(sent, []);
  assert.equal(await settled(second), "waiting");
  echo(0, 2);
  assert.equal(await settled(second), "confirmed");
});

test("one echo speaks for all writes up to its count, past 64 too", async () => {
  const { confirmations, write, answer, echo } = rig({ echoes: true });
  await Promise.all([confirmations.confirm(), answer(1, 0)]);
  for (let round = 0; round < 4; round++) {
    for (let index = 0; index < 40; index++) write(index & 1);
    const confirmed = confirmations.confirm();
    echo(1, ((round + 1) * 40) % 64);
    assert.equal(await settled(confirmed), "confirmed");
  }
});

test("an echo with another level rejects", async () => {
  const { confirmations, write, answer, echo } = rig({ echoes: true });
  await Promise.all([confirmations.confirm(), answer(1, 0)]);
  write(1);
  const confirmed = confirmations.confirm();
  echo(0, 1);
  await assert.rejects(confirmed, { code: "PIN_UNCONFIRMED", message: /pin 13: wrote 1, the board has 0/ });
});

test("confirm() after the echo resolves at once, and rejects when its level was another", async () => {
  const { confirmations, clock, write, answer, echo } = rig({ echoes: true });
  await Promise.all([confirmations.confirm(), answer(1, 0)]);
  write(1);
  echo(1, 1);
  assert.equal(await settled(confirmations.confirm()), "confirmed");
  write(0);
  echo(1, 2);
  assert.equal(await settled(confirmations.confirm()), "PIN_UNCONFIRMED");
  write(1);
  echo(1, 3);
  assert.equal(await settled(confirmations.confirm()), "confirmed");
  clock.advance(1_000);
  assert.equal(clock.pending, 0);
});

test("a lost write rejects who waits for it, and counting begins anew", async () => {
  const { confirmations, clock, sent, write, answer, echo } = rig({ echoes: true });
  await Promise.all([confirmations.confirm(), answer(1, 0)]);
  write(1);
  const lost = confirmations.confirm();
  write(0);
  const next = confirmations.confirm();
  echo(0, 1); // of the second: the first never arrived
  clock.advance(1_000);
  await assert.rejects(lost, { code: "PIN_UNCONFIRMED" });
  await assert.rejects(next, { code: "PIN_UNCONFIRMED" });
  assert.deepEqual(sent.at(-1), { type: "echo", on: true });
  confirmations.receive({ type: "echoing", on: true });
  write(1);
  const again = confirmations.confirm();
  echo(1, 1);
  assert.equal(await settled(again), "confirmed");
});

test("an echo of before counting began anew confirms nothing", async () => {
  const { confirmations, clock, write, answer, echo } = rig({ echoes: true });
  await Promise.all([confirmations.confirm(), answer(1, 0)]);
  write(1);
  const lost = confirmations.confirm();
  clock.advance(1_000);
  await assert.rejects(lost, { code: "PIN_UNCONFIRMED" });
  write(0);
  const next = confirmations.confirm();
  echo(1, 1);
  assert.equal(await settled(next), "waiting");
});

test("fail() rejects who waits and who asks later", async () => {
  const { confirmations, clock, write } = rig();
  write(1);
  const waiting = confirmations.confirm();
  const cause = Object.assign(new Error("gone"), { code: "BOARD_LOST", hint: undefined });
  confirmations.fail(cause as unknown as Parameters<Confirmations["fail"]>[0]);
  await assert.rejects(waiting, cause);
  await assert.rejects(confirmations.confirm(), cause);
  assert.equal(clock.pending, 0);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Board } from "../../../src/board/board.js";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { CircuitError } from "../../../src/core/error.js";
import { seededRandom } from "../../../src/core/random.js";
import { PIN_MODE } from "../../../src/firmata/protocol.js";
import { turns } from "../../contract/waiting.js";
import { cases } from "../../long.js";
import { draw, PINS, pinsAfter } from "./acts.js";
import { Desk, FIRMWARES } from "./desk.js";

for (const from of FIRMWARES) {
  for (const to of FIRMWARES) {
    test(`another board gets all, and the one before is left as it should be: ${from} to ${to}`, async (context) => {
      const desk = new Desk(context, from);
      const session = await desk.session;
      const { board } = session;
      const events: string[] = [];
      // The cast: each has a listener of its own shape.
      for (const event of ["lost", "moved", "restored"] as const)
        board.on(event as "moved", () => events.push(event));
      const led = new five.Led({ pin: 13, board });
      led.on();
      new five.Led({ pin: 12, board }).on();
      new five.Led({ pin: 3, board }).brightness(99);
      new five.Servo({ pin: 10, board, range: [10, 170] }).to(42);
      await board.confirm();
      const before = [3, 10, 12, 13].map((pin) => desk.board.pin(pin));
      const link = new MockBoard({ firmware: to, address: "mock:other" });
      await session.swap({ link, stopLevels: new Map([[12, 1]]) });
      assert.deepEqual(
        [3, 10, 12, 13].map((pin) => link.pin(pin)),
        before,
      );
      assert.deepEqual(
        [3, 12, 13].map((pin) => desk.board.pin(pin).value),
        [0, 1, 0],
      );
      assert.deepEqual(events, ["moved", "restored"]);
      assert.equal(session.address, "mock:other");
      assert.match(session.firmware, to === "circuit" ? /^CircuitFirmata/ : /^StandardFirmata/);
      led.off();
      await board.confirm();
      assert.equal(link.pin(13).value, 0);
    });
  }
}

test("a board that cannot do the same is refused with what both are, and nothing changes", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  const { board } = session;
  const led = new five.Led({ pin: 13, board });
  led.on();
  await board.confirm();
  const link = new MockBoard({ pins: 12, address: "mock:small" });
  await assert.rejects(session.swap({ link }), {
    code: "SWAP_REFUSED",
    message:
      "Cannot move to mock:small: pin 13 is used here, and there is none. It is CircuitFirmata.ino 1.1 with 10 pins, 0 of them analog, and the board until now is CircuitFirmata.ino 1.1 with 18 pins, 6 of them analog",
  });
  assert.equal(desk.board.pin(13).value, 1);
  led.off();
  await board.confirm();
  assert.equal(desk.board.pin(13).value, 0);
  assert.deepEqual([session.address, desk.heard], ["mock", []]);
});

for (const [what, use] of [
  ["pin 8 sounds tones", (board: five.Board) => void new five.Piezo({ pin: 8, board })],
  ["I2C is used", (board: five.Board) => board.i2cConfig({ delay: 0 })],
  ["A0 is pin 14 here", (board: five.Board) => board.analogRead(0, () => {})],
  ["pin 11 is used here", (board: five.Board) => void new five.Led({ pin: 11, board }).brightness(1)],
] as const) {
  test(`a board is refused because ${what}`, async (context) => {
    const desk = new Desk(context);
    const session = await desk.session;
    use(session.board);
    // Standard: the host would toggle, and knows nothing of the wire's clock.
    const isTone = what.includes("tones");
    const link = new MockBoard(isTone ? { firmware: "standard" } : { pins: 11 });
    await assert.rejects(session.swap({ link }), { code: "SWAP_REFUSED", message: new RegExp(what) });
  });
}

test("a board is refused that lacks a pin which is to be safe", async (context) => {
  const session = await openSession({ link: new MockBoard(), safe: new Map([[13, 0]]) });
  context.after(() => session.close());
  const link = new MockBoard({ pins: 12 });
  await assert.rejects(session.swap({ link }), {
    code: "SWAP_REFUSED",
    message: /pin 13 is to be held or safe/,
  });
});

test("who waits for a confirmation is answered by the other board", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  const pin = new five.Pin({ pin: 12, board: session.board });
  pin.low();
  await session.board.confirm();
  desk.board.hang();
  pin.high();
  const confirmed = session.board.confirm();
  const link = new MockBoard();
  await Promise.all([session.swap({ link }), confirmed, desk.pass(1_100)]);
  assert.equal(link.pin(12).value, 1);
  assert.ok(desk.notices.some((text) => /has not answered: its pins may not be/.test(text)));
});

test("inputs are those of the other board, without made-up edges", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  const { board } = session;
  const edges: number[] = [];
  const reading = (async () => {
    for await (const { level } of board.readings(2, { debounceMs: 0 })) edges.push(level);
  })();
  const samples: number[] = [];
  board.analogRead(0, (value) => samples.push(value));
  await turns();
  const link = new MockBoard();
  link.drive(2, 1);
  await session.swap({ link });
  await turns();
  assert.deepEqual(edges, []);
  link.drive(2, 0);
  link.measure(0, 77);
  desk.board.measure(0, 5);
  await turns();
  assert.deepEqual([edges, samples], [[0], [77]], "nothing of the board before");
  await session.close();
  await reading;
});

test("a board that is away is replaced, and the one that is looked for is the other one", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  const { board } = session;
  const led = new five.Led({ pin: 13, board });
  led.on();
  await board.confirm();
  desk.unplug();
  led.off();
  led.on();
  const confirmed = board.confirm();
  let [link, isThere] = [new MockBoard(), true];
  const relink = async () => {
    if (!isThere) throw new CircuitError("PORT_MISSING", "Cannot open mock: it is not there");
    return link;
  };
  await session.swap({ link, relink });
  await confirmed;
  assert.equal(link.pin(13).value, 1);
  assert.equal(session.isAway, false);
  await desk.plugIn();
  assert.equal(desk.board.received.length, 0, "nobody looks for it");
  isThere = false;
  link.unplug();
  assert.ok(session.isAway);
  link = new MockBoard();
  isThere = true;
  await desk.pass(600);
  assert.equal(link.pin(13).value, 1);
  assert.deepEqual(desk.heard, ["BOARD_LOST", "restored", "BOARD_LOST", "restored"]);
});

test("a board is moved once at a time, and not when the session closes", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  const silent = new MockBoard();
  silent.hang();
  const first = session.swap({ link: silent });
  await assert.rejects(session.swap({ link: new MockBoard() }), { code: "PORT_BUSY" });
  const closing = assert.rejects(first, { code: "LINK_CLOSED" });
  await session.close();
  await closing;
  await assert.rejects(session.swap({ link: new MockBoard() }), { code: "LINK_CLOSED" });
});

test("a board that does not answer changes nothing", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  const pin = new five.Pin({ pin: 12, board: session.board });
  const mute = new MockBoard();
  mute.hang();
  const outcome = assert.rejects(session.swap({ link: mute }), { code: "BOARD_NOT_FIRMATA" });
  await desk.pass(6_000);
  await outcome;
  pin.high();
  await session.board.confirm();
  assert.deepEqual(desk.board.pin(12), { mode: PIN_MODE.output, value: 1 });
});

test("boards that are exchanged at random moments leave the pins of one that stayed, and low where they were", async (context) => {
  for (let seed = 1; seed <= cases(20, 200); seed++) {
    const random = seededRandom(seed);
    const firmware = () => (random() < 0.5 ? "circuit" : "standard");
    const first = firmware();
    const desk = new Desk(context, first);
    const session = await desk.session;
    const acts: ((board: Board) => void)[] = [];
    const outcomes: Promise<string>[] = [];
    const boards = [desk.board];
    let swapping = Promise.resolve();
    for (let step = 0; step < 40; step++) {
      const act = draw(random);
      acts.push(act);
      act(session.board);
      if (random() < 0.3)
        outcomes.push(
          session.board.confirm().then(
            () => "confirmed",
            ({ code }) => code,
          ),
        );
      if (random() < 0.1) {
        await swapping;
        const link = new MockBoard({ firmware: firmware() });
        boards.push(link);
        swapping = session.swap({ link });
      }
      if (random() < 0.2) await desk.pass(50);
    }
    await swapping;
    await session.board.confirm();
    const last = boards.pop();
    assert.deepEqual(
      PINS.map((pin) => last?.pin(pin)),
      await pinsAfter(first, acts),
      `seed ${seed}`,
    );
    for (const board of boards)
      for (const { mode, value } of PINS.map((pin) => board.pin(pin)))
        if (mode === PIN_MODE.output || mode === PIN_MODE.pwm) assert.equal(value, 0, `seed ${seed}`);
    for (const outcome of await Promise.all(outcomes))
      assert.ok(["confirmed", "SUPERSEDED"].includes(outcome), `seed ${seed}: ${outcome}`);
    await session.close();
  }
});

test("the dead-man is disarmed on the board before and armed on the other; one without is told of", async (context) => {
  const notices: string[] = [];
  const [first, other, plain] = [new MockBoard(), new MockBoard(), new MockBoard({ firmware: "standard" })];
  for (const board of [first, other]) board.recording = true;
  const session = await openSession({
    link: first,
    safe: new Map([[12, 0]]),
    notice: (text) => notices.push(text),
  });
  context.after(() => session.close());
  const armed = (board: MockBoard) =>
    board.received.flatMap((message) => (message.type === "safe" ? [message.silenceMs] : []));
  assert.deepEqual(armed(first), [2_000]);
  await session.swap({ link: other });
  assert.deepEqual([armed(first), armed(other)], [[2_000, 0], [2_000]]);
  await session.swap({ link: plain });
  assert.deepEqual(armed(other), [2_000, 0]);
  assert.ok(
    notices.some((text) => /cannot make pin 12 safe when this process dies: StandardFirmata/.test(text)),
  );
});

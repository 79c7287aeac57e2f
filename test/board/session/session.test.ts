import assert from "node:assert/strict";
import { test } from "node:test";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { CircuitError } from "../../../src/core/error.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { encodeToHost } from "../../../src/firmata/to-host.js";
import { turns } from "../../contract/waiting.js";

async function openMock(firmware: "circuit" | "standard" = "standard") {
  const link = new MockBoard({ firmware });
  const notices: string[] = [];
  const session = await openSession({ link, notice: (text) => notices.push(text) });
  link.recording = true;
  return { link, session, board: session.board, notices };
}

test("a mode that is set already is not sent again: the wire carries the writes alone", async () => {
  const { link, session, board } = await openMock();
  const pin = new five.Pin({ pin: 13, board });
  for (let write = 0; write < 10; write++) pin.write(write & 1);
  const types = link.received.map(({ type }) => type);
  assert.deepEqual(types, ["pinMode", ...Array.from({ length: 10 }, () => "digitalPort")]);
  assert.equal(session.counts().redundant, 10);
  await session.close();
});

test("a mode is sent again after another one", async () => {
  const { link, session, board } = await openMock();
  const pin = new five.Pin({ pin: 12, board });
  pin.mode = 0;
  pin.mode = 1;
  const modes = link.received.map((message) => (message.type === "pinMode" ? message.mode : undefined));
  assert.deepEqual(modes, [1, 0, 1]);
  await session.close();
});

test("a pin that may not be used is refused where it is used, before anything is sent", async () => {
  const link = new MockBoard();
  const session = await openSession({
    link,
    checkPin: (pin) => {
      if (pin !== 13) throw new CircuitError("PIN_NOT_WIRED", `Cannot use pin ${pin}`);
    },
  });
  link.recording = true;
  new five.Pin({ pin: 13, board: session.board });
  const uses = [
    () => new five.Led({ pin: 12, board: session.board }),
    () => new five.Servo({ pin: 10, board: session.board }),
    () => new five.Piezo({ pin: 8, board: session.board }),
    () => new five.Sensor({ pin: "A0", board: session.board }),
    () => session.board.digitalWrite(7, 1),
  ];
  for (const use of uses) assert.throws(use, { code: "PIN_NOT_WIRED" });
  assert.deepEqual(
    new Set(link.received.map((message) => ("pin" in message ? message.pin : undefined))),
    new Set([13]),
  );
  await session.close();
});

for (const firmware of ["circuit", "standard"] as const) {
  test(`a pin to be safe, or held, that is none is refused, and the link is closed: ${firmware}`, async () => {
    for (const options of [
      { safe: new Map([[25, 0 as const]]) },
      { held: new Set([99]) },
      { held: new Set([1]) },
    ]) {
      const link = new MockBoard({ firmware });
      let isClosed = false;
      link.close = async () => {
        isClosed = true;
      };
      await assert.rejects(openSession({ link, ...options }), {
        code: "PIN_REFUSED",
        message: /Cannot hold pin (25|99|1) of mock, or make it safe: .* with 18 pins/,
      });
      assert.ok(isClosed);
    }
  });
}

test("a pin that the board does not have is refused in words, whatever uses it", async () => {
  const { session, board } = await openMock();
  const uses = [
    () => new five.Led({ pin: 99, board }),
    () => new five.Servo({ pin: 20, board }),
    () => new five.Button({ pin: 44, board }),
    () => board.digitalWrite(44, 1),
    () => board.analogWrite(44, 1),
  ];
  for (const use of uses)
    assert.throws(use, { code: "PIN_REFUSED", message: /^Cannot use pin \d\d: .*, its pins are 0 to 19$/ });
  assert.throws(() => new five.Sensor({ pin: "A9", board }), {
    code: "PIN_REFUSED",
    message: /^Cannot use A9: .*, it has 6 analog inputs$/,
  });
  await session.close();
});

test("what a board says over and over is told once a second", async () => {
  const clock = new ManualClock();
  const link = new MockBoard({ clock });
  const notices: string[] = [];
  const session = await openSession({ link, clock, notice: (text) => notices.push(text) });
  const say = (text: string) => link.say(encodeToHost({ type: "string", text }));
  for (let time = 0; time < 60; time++) {
    say("no display");
    await turns();
    clock.advance(20);
  }
  say("something else");
  say("no display");
  await turns();
  assert.deepEqual(notices, ["no display", "no display", "something else", "no display"]);
  await session.close();
});

test("an unplugged board rejects who waits, and later ones, with BOARD_LOST", async () => {
  const { link, session, board } = await openMock();
  const pin = new five.Pin({ pin: 13, board });
  link.hang();
  pin.high();
  const waiting = board.confirm();
  link.unplug();
  await assert.rejects(waiting, { code: "BOARD_LOST" });
  await assert.rejects(board.confirm(), { code: "BOARD_LOST" });
  assert.ok(session.lost.aborted);
  pin.low();
  await session.close();
});

test("close() leaves pins at their stop levels: low, high, as they are, and PWM off", async () => {
  const { link, session, board } = await openMock("circuit");
  for (const pin of [2, 4, 7, 12]) new five.Pin({ pin, board }).high();
  new five.Led({ pin: 3, board }).brightness(99);
  new five.Piezo({ pin: 8, board }).frequency(440, 10_000);
  await board.confirm();
  await session.close(
    new Map<number, 0 | 1 | "keep">([
      [4, 1],
      [7, "keep"],
    ]),
  );
  assert.deepEqual(
    [2, 3, 4, 7, 8, 12].map((pin) => link.pin(pin).value),
    [0, 0, 1, 1, 0, 0],
  );
});

for (const firmware of ["circuit", "standard"] as const) {
  test(`a pin that was written and told no mode is confirmed, and low at the end: ${firmware}`, async () => {
    const { link, session, board } = await openMock(firmware);
    board.digitalWrite(7, 1);
    await board.confirm();
    assert.deepEqual(link.received.at(-1), { type: "queryPinState", pin: 7 });
    assert.equal(link.pin(7).value, 1);
    new five.Pin({ pin: 6, board }).high();
    await board.confirm();
    await session.close();
    assert.deepEqual([link.pin(6).value, link.pin(7).value], [0, 0]);
  });
}

test("confirm() waits for the board also where a write can have changed no output", async () => {
  const { link, session, board } = await openMock();
  board.pinMode(7, 0);
  await board.confirm();
  board.digitalWrite(7, 1);
  await board.confirm();
  assert.equal(link.received.at(-1)?.type, "queryPinState");
  await session.close();
});

test("close() is idempotent, and is not held up by a board that has hung", async () => {
  const { link, session, board, notices } = await openMock();
  new five.Pin({ pin: 13, board }).high();
  await board.confirm();
  link.hang();
  await Promise.all([session.close(), session.close()]);
  assert.match(notices.join(), /did not answer/);
});

test("a session counts what the board has not answered", async () => {
  const { link, session, board } = await openMock("circuit");
  const pin = new five.Pin({ pin: 13, board });
  pin.high();
  await board.confirm();
  assert.equal(session.counts().unconfirmed, 0);
  link.hang();
  pin.low();
  const confirmed = board.confirm();
  confirmed.catch(() => {});
  assert.equal(session.counts().unconfirmed, 1);
  assert.equal(session.counts().unsentBytes, 0, "its wire takes no time");
  link.unplug();
  await assert.rejects(confirmed);
});

test("garbage from a running board is thrown away and counted, and the session goes on", async () => {
  const { link, session, board } = await openMock();
  const pin = new five.Pin({ pin: 13, board });
  await board.confirm();
  link.say(Uint8Array.of(0x12, 0xf0, 0x6e, 0x7f, 0x01, 0xff, 0x00));
  link.say(Uint8Array.of(0xf0, 0x6e, 0x55, 0x01, 0x01, 0xf7)); // the state of pin 85
  link.say(Uint8Array.of(0xf0, 0x6e, 0x55, 0xf7)); // StandardFirmata's answer for a pin that it lacks
  link.say(Uint8Array.of(0xf0, 0xf7, 0xf0, 0x6e, 0xf7, 0xf0, 0x79, 0xf7)); // messages without an inside
  pin.high();
  await board.confirm();
  assert.ok(session.counts().discardedBytes >= 7);
  await session.close();
});

test("a sensor on an analog pin reads what the board measures", async () => {
  const { link, session, board } = await openMock();
  const sensor = new five.Sensor({ pin: "A0", board, freq: 1 });
  const read = new Promise((resolve) => sensor.on("change", () => resolve(sensor.value)));
  link.measure(0, 675);
  assert.equal(await read, 675);
  // Its timer; missing in Johnny-Five's types.
  (sensor as unknown as { disable(): void }).disable();
  await session.close();
});

test("a pin's own query is answered beside the session's", async () => {
  const { session, board } = await openMock();
  const pin = new five.Pin({ pin: 13, board });
  pin.high();
  const confirmed = board.confirm();
  const state = await new Promise<{ value: number }>((resolve) => pin.query(resolve));
  await confirmed;
  assert.equal(state.value, 1);
  await session.close();
});

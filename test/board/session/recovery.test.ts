import assert from "node:assert/strict";
import { test } from "node:test";
import { MockBoard } from "../../../src/board/link/mock.js";
import { five } from "../../../src/board/session/piezo.js";
import { openSession } from "../../../src/board/session/session.js";
import { CircuitError } from "../../../src/core/error.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { PIN_MODE } from "../../../src/firmata/protocol.js";
import { turns } from "../../contract/waiting.js";
import { Desk, FIRMWARES } from "./desk.js";

for (const firmware of FIRMWARES) {
  test(`a board that is plugged in again has the modes and values that it had: ${firmware}`, async (context) => {
    const desk = new Desk(context, firmware);
    const { board } = await desk.session;
    const led = new five.Led({ pin: 13, board });
    led.on();
    new five.Led({ pin: 3, board }).brightness(99);
    new five.Servo({ pin: 10, board, range: [10, 170] }).to(42);
    await board.confirm();
    const before = [3, 10, 13].map((pin) => desk.board.pin(pin));
    desk.unplug();
    await desk.plugIn();
    assert.deepEqual(
      [3, 10, 13].map((pin) => desk.board.pin(pin)),
      before,
    );
    assert.deepEqual(desk.heard, ["BOARD_LOST", "restored"]);
    led.off();
    await board.confirm();
    assert.equal(desk.board.pin(13).value, 0);
  });
}

test("what is written while a board is away is written when it is back", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  const pin = new five.Pin({ pin: 12, board });
  pin.low();
  await board.confirm();
  desk.unplug();
  pin.high();
  const confirmed = board.confirm();
  await desk.plugIn();
  await confirmed;
  assert.equal(desk.board.pin(12).value, 1);
});

test("a write that another has replaced while the board was away is not confirmed", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  const pin = new five.Pin({ pin: 12, board });
  desk.unplug();
  pin.high();
  const first = board.confirm();
  pin.low();
  const second = board.confirm();
  const outcome = assert.rejects(first, { code: "SUPERSEDED" });
  await desk.plugIn();
  await outcome;
  await second;
});

test("who waits for a board that stays away hears so when the patience is over, and the board is looked for", async (context) => {
  const desk = new Desk(context, "circuit", 1_000);
  const { board, lost } = await desk.session;
  const pin = new five.Pin({ pin: 12, board });
  desk.unplug();
  pin.high();
  const outcome = assert.rejects(board.confirm(), { code: "BOARD_LOST" });
  await desk.pass(1_000);
  await outcome;
  await assert.rejects(board.confirm(), { code: "BOARD_LOST" });
  assert.equal(lost.aborted, false);
  await desk.plugIn();
  await board.confirm();
  assert.equal(desk.board.pin(12).value, 1);
});

test("a board is told again what to report, how often, and how I2C is set", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  new five.Button({ pin: 2, board });
  board.analogRead(0, () => {});
  board.samplingInterval(50);
  board.i2cConfig({ delay: 7 });
  desk.unplug();
  await desk.plugIn();
  const told = desk.board.received.map(({ type }) => type);
  const order = ["pinMode", "digitalPort", "reportDigital", "samplingInterval", "i2cConfig"] as const;
  const places = order.map((type) => told.indexOf(type)).filter((place) => place >= 0);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  for (const type of ["reportDigital", "reportAnalog", "samplingInterval", "i2cConfig"] as const)
    assert.ok(told.includes(type), type);
});

test("a tone that has not ended goes on, one that has does not", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  new five.Piezo({ pin: 8, board }).frequency(440, 60_000);
  new five.Piezo({ pin: 9, board }).frequency(880, 10);
  desk.unplug();
  await desk.pass(100);
  await desk.plugIn();
  const tones = desk.board.received.flatMap((message) => (message.type === "tone" ? [message] : []));
  assert.deepEqual(
    tones.map(({ pin, durationMs }) => [pin, durationMs > 59_000 && durationMs < 60_000]),
    [[8, true]],
  );
  await board.confirm();
  assert.equal(desk.board.pin(9).value, 0);
});

test("another board in its place is refused, with what both are", async (context) => {
  const desk = new Desk(context, "circuit");
  const { board } = await desk.session;
  new five.Pin({ pin: 13, board }).high();
  await board.confirm();
  desk.unplug();
  await desk.plugIn("standard");
  const refusals = desk.notices.filter((text) =>
    /it is StandardFirmata.*, and was CircuitFirmata/.test(text),
  );
  assert.equal(refusals.length, 1);
  assert.ok((await desk.session).isAway);
  assert.equal(desk.board.pin(13).value, 0);
  await desk.plugIn("circuit");
  assert.equal(desk.board.pin(13).value, 1);
});

for (const firmware of FIRMWARES) {
  test(`a board that starts anew by itself gets its pins back: ${firmware}`, async (context) => {
    const desk = new Desk(context, firmware);
    const { board } = await desk.session;
    new five.Pin({ pin: 13, board }).high();
    await board.confirm();
    await desk.pass(2_000);
    desk.board.restart();
    assert.equal(desk.board.pin(13).value, 0);
    await desk.pass(100);
    assert.deepEqual(desk.board.pin(13), { mode: PIN_MODE.output, value: 1 });
    assert.deepEqual(desk.heard, ["BOARD_LOST", "restored"]);
  });
}

test("a session closes while its board is away, and looks no more", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  new five.Pin({ pin: 13, board: session.board }).high();
  desk.unplug();
  await session.close();
  assert.match(desk.notices.at(-1) ?? "", /the board is away/);
  assert.ok(session.lost.aborted);
  await desk.plugIn();
  assert.equal(desk.board.received.length, 0);
});

test("a port that another process has taken meanwhile is told once, and looked at until it is free", async (context) => {
  const [clock, notices] = [new ManualClock(), [] as string[]];
  const [first, second] = [new MockBoard({ clock }), new MockBoard({ clock })];
  let isTaken = true;
  const session = await openSession({
    link: first,
    clock,
    notice: (text) => notices.push(text),
    relink: async () => {
      if (isTaken) throw new CircuitError("PORT_BUSY", "Cannot open mock: another program has it open");
      return second;
    },
  });
  context.after(() => session.close());
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      await turns();
      clock.advance(50);
    }
    await turns();
  };
  new five.Pin({ pin: 13, board: session.board }).high();
  first.unplug();
  await pass(5_000);
  assert.equal(notices.filter((text) => /another program has it open/.test(text)).length, 1);
  isTaken = false;
  await pass(1_000);
  assert.equal(second.pin(13).value, 1);
});

test("a board that starts anew soon after it has been asked who it is gets its pins back", async (context) => {
  const desk = new Desk(context);
  const { board } = await desk.session;
  new five.Pin({ pin: 12, board }).high();
  await board.confirm();
  (board.io as unknown as { queryFirmware(answered: () => void): void }).queryFirmware(() => {});
  await desk.pass(50);
  desk.board.restart();
  await desk.pass(300);
  assert.equal(desk.board.pin(12).value, 1);
  assert.deepEqual(desk.heard, ["BOARD_LOST", "restored"]);
});

test("a board that starts anew right before the end is left as it is to be left", async (context) => {
  const desk = new Desk(context);
  const session = await desk.session;
  const { board } = session;
  for (const pin of [11, 12]) new five.Pin({ pin, board }).high();
  await board.confirm();
  desk.board.restart();
  await turns();
  const closed = session.close(new Map([[12, 1]]));
  await desk.pass(3_000);
  await closed;
  assert.deepEqual(
    [11, 12].map((pin) => desk.board.pin(pin).value),
    [0, 1],
  );
});

import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { type TestContext, test } from "node:test";
import { five } from "../../../src/board/session/piezo.js";
import { Desk, FIRMWARES } from "./desk.js";

/** A part of Johnny-Five's. The cast: its types know neither all that a part tells nor all its events. */
const part = (made: object) => made as unknown as EventEmitter & Readonly<Record<string, unknown>>;

/** A desk whose Johnny-Five's timers move with the test, too. */
async function start(context: TestContext, firmware: (typeof FIRMWARES)[number]) {
  context.mock.timers.enable({ apis: ["setInterval", "setTimeout", "Date"] });
  const desk = new Desk(context, firmware);
  const { board } = await desk.session;
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      await desk.pass(50);
      context.mock.timers.tick(50);
    }
  };
  return { desk, board, pass };
}

for (const firmware of FIRMWARES) {
  test(`a sensor is silent and has no value while its board is away, and goes on: ${firmware}`, async (context) => {
    const { desk, board, pass } = await start(context, firmware);
    const sensor = part(new five.Sensor({ pin: "A0", board }));
    const heard: unknown[] = [];
    for (const event of ["data", "change"]) sensor.on(event, (value) => heard.push([event, value]));
    desk.board.measure(0, 512);
    await pass(50);
    assert.deepEqual(heard.splice(0, 2), [
      ["data", 512],
      ["change", 512],
    ]);
    assert.equal(sensor.value, 512);
    desk.unplug();
    heard.length = 0;
    await pass(1_000);
    assert.deepEqual(heard, []);
    for (const reading of ["value", "raw", "analog", "scaled", "boolean"] as const)
      assert.equal(sensor[reading], null, reading);
    assert.deepEqual(sensor.range, [0, 1023]);
    await desk.plugIn();
    await pass(500);
    assert.deepEqual([heard, sensor.value], [[], null], "its pin has told nothing yet");
    desk.board.measure(0, 512);
    await pass(50);
    assert.deepEqual(heard.splice(0), [
      ["data", 512],
      ["data", 512],
    ]);
    assert.equal(sensor.value, 512);
    desk.board.measure(0, 600);
    await pass(50);
    assert.deepEqual(heard[1], ["change", 600]);
  });
}

test("a thermometer that reads the same when it is back has not changed", async (context) => {
  const { desk, board, pass } = await start(context, "circuit");
  const thermometer = part(new five.Thermometer({ pin: "A1", board, controller: "LM35" }));
  const heard: unknown[] = [];
  thermometer.on("change", ({ C }) => heard.push(C));
  desk.board.measure(1, 50);
  await pass(50);
  const { celsius } = thermometer;
  desk.unplug();
  await pass(200);
  assert.equal(thermometer.celsius, null);
  assert.equal(thermometer.fahrenheit, null);
  await desk.plugIn();
  desk.board.measure(1, 50);
  await pass(200);
  assert.deepEqual([heard, thermometer.celsius], [[celsius], celsius]);
  desk.board.measure(1, 60);
  await pass(200);
  assert.equal(heard.length, 2);
});

for (const isPressed of [false, true]) {
  test(`a button that was ${isPressed ? "" : "not "}pressed while its board was away says so once`, async (context) => {
    const { desk, board, pass } = await start(context, "circuit");
    desk.board.drive(2, 1);
    const button = part(new five.Button({ pin: 2, isPullup: true, board }));
    const heard: string[] = [];
    for (const event of ["down", "up", "hold"]) button.on(event, () => heard.push(event));
    await pass(50);
    desk.unplug();
    await pass(100);
    assert.equal(button.isDown, null);
    const plugging = desk.plugIn();
    desk.board.drive(2, isPressed ? 0 : 1);
    await plugging;
    await pass(100);
    assert.deepEqual(heard, isPressed ? ["down"] : []);
    assert.equal(button.isDown, isPressed);
  });
}

test("a button that is held when its board goes away is not held on", async (context) => {
  const { desk, board, pass } = await start(context, "circuit");
  const button = part(new five.Button({ pin: 2, isPullup: true, board }));
  const heard: string[] = [];
  for (const event of ["down", "up", "hold"]) button.on(event, () => heard.push(event));
  desk.board.drive(2, 0);
  await pass(700);
  assert.deepEqual(heard, ["down", "hold"]);
  desk.unplug();
  await pass(2_000);
  const plugging = desk.plugIn();
  desk.board.drive(2, 1);
  await plugging;
  await pass(1_000);
  assert.deepEqual(heard, ["down", "hold", "up"]);
});

test("what only writes has its value while its board is away", async (context) => {
  const { desk, board } = await start(context, "circuit");
  const made = new five.Led({ pin: 13, board });
  made.on();
  const led = part(made);
  desk.unplug();
  assert.equal(led.value, 1);
  assert.ok(led.isOn);
});

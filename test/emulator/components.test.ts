import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { five } from "../../src/board/session/piezo.js";
import { openSession } from "../../src/board/session/session.js";
import type { PartState } from "../../src/emulator/part.js";
import type { Edge } from "../../src/emulator/pins.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import type { Attachment } from "../../src/wiring/attachments.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { FIRMWARE_TOOLS, skipWithout } from "../native/tools.js";

// Johnny-Five's components through a session, each looked at where it acts: on the board's pins, or its bus.

const ATTACHED: readonly Attachment[] = [
  { part: "led", type: "wokwi-led", attrs: {}, terminals: { A: "11", C: "GND" } },
  { part: "servo", type: "wokwi-servo", attrs: {}, terminals: { PWM: "10", "V+": "5V", GND: "GND" } },
  { part: "button", type: "wokwi-pushbutton", attrs: {}, terminals: { "1.l": "2", "2.l": "GND" } },
  { part: "pot", type: "wokwi-potentiometer", attrs: {}, terminals: { SIG: "A0", VCC: "5V", GND: "GND" } },
  {
    part: "lcd",
    type: "wokwi-lcd1602",
    attrs: { pins: "i2c" },
    terminals: { SDA: "A4", SCL: "A5", VCC: "5V", GND: "GND" },
  },
];

async function desk(context: TestContext, firmware: string) {
  const time = new VirtualTime().install();
  const uno = new VirtualUno({ firmware, attachments: ATTACHED, time });
  const session = await time.until(openSession({ link: uno }));
  context.after(async () => {
    await time.until(session.close());
    time.uninstall();
  });
  const edges: Edge[] = [];
  uno.onEdge((edge) => edges.push(edge));
  const { board } = session;
  return {
    board,
    uno,
    time,
    /** Lets the board execute what was written. */
    settle: () => time.until(board.confirm()),
    edgesOf: (pin: number) => edges.filter((edge) => edge.pin === pin),
    /** Share of the time in which a pin was high, over its last whole periods. */
    duty: (pin: number) => dutyOf(edges.filter((edge) => edge.pin === pin)),
    part<Type extends PartState["type"]>(type: Type) {
      const found = uno.parts.find((part): part is Extract<PartState, { type: Type }> => part.type === type);
      assert.ok(found);
      return found;
    },
  };
}

function dutyOf(edges: readonly Edge[]): number {
  const rises = edges.filter(({ level }) => level === 1);
  const [first, last] = [rises.at(-11), rises.at(-1)];
  assert.ok(first && last, `${rises.length} rising edges`);
  let highUs = 0;
  for (const [index, { level, atUs }] of edges.entries())
    if (level === 1 && atUs >= first.atUs && atUs < last.atUs)
      highUs += (edges[index + 1]?.atUs ?? atUs) - atUs;
  return highUs / (last.atUs - first.atUs);
}

const near = (actual: number, expected: number, within: number) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not within ${within} of ${expected}`);

type Desk = Awaited<ReturnType<typeof desk>>;

/** What each component is told, and what is then to be seen. */
const COMPONENTS: Readonly<Record<string, (desk: Desk) => Promise<void>>> = {
  async "Led switches, and dims by PWM"({ board, settle, time, part }) {
    const led = new five.Led({ pin: 11, board });
    led.on();
    await settle();
    assert.equal(part("led").lit, true);
    led.brightness(64);
    await settle();
    await time.advance(30);
    near(part("led").brightness, 64 / 255, 0.01);
    led.off();
    await settle();
    await time.advance(30);
    assert.equal(part("led").lit, false);
  },

  async "Button hears a press, a hold and a release"({ board, uno, time }) {
    const button = new five.Button({ pin: 2, isPullup: true, holdtime: 200, board });
    const heard: string[] = [];
    // The cast: its types leave `hold` out.
    const on = button.on.bind(button) as (event: string, listener: () => void) => void;
    for (const event of ["down", "hold", "up"]) on(event, () => heard.push(event));
    await time.advance(50);
    uno.press("button");
    await time.advance(350);
    uno.release("button");
    await time.advance(50);
    assert.deepEqual(heard, ["down", "hold", "up"]);
  },

  async "Sensor follows a potentiometer"({ board, uno, time }) {
    const sensor = new five.Sensor({ pin: "A0", freq: 50, board });
    const changes: number[] = [];
    sensor.on("change", () => changes.push(Number(sensor.value)));
    uno.turn("pot", 0.25);
    await time.advance(200);
    near(Number(sensor.value), 256, 1);
    uno.turn("pot", 1);
    await time.advance(200);
    assert.equal(sensor.value, 1_023);
    near(changes[0] ?? 0, 256, 1);
    assert.equal(changes.at(-1), 1_023);
  },

  async "Servo goes where it is told, within its range"({ board, settle, time, part, edgesOf }) {
    const servo = new five.Servo({ pin: 10, range: [0, 120], board });
    for (const [degrees, expected] of [
      [0, 0],
      [90, 90],
      [180, 120],
    ] as const) {
      servo.to(degrees);
      await settle();
      await time.advance(60);
      // Johnny-Five's pulses are 600 to 2400 µs, Firmata's, and the part's, 544 to 2400.
      near(part("servo").degrees ?? -1, ((600 + 10 * expected - 544) / 1_856) * 180, 1);
    }
    const [one, other] = edgesOf(10)
      .filter(({ level }) => level === 1)
      .slice(-2);
    near((other?.atUs ?? 0) - (one?.atUs ?? 0), 20_000, 20);
  },

  async "Motor has its speed by PWM, and its direction"({ board, settle, time, duty, edgesOf }) {
    const motor = new five.Motor({ pins: { pwm: 3, dir: 12 }, board });
    motor.forward(128);
    await settle();
    await time.advance(60);
    near(duty(3), 128 / 255, 0.01);
    assert.equal(edgesOf(12).at(-1)?.level, 1);
    motor.reverse(64);
    await settle();
    await time.advance(60);
    near(duty(3), 64 / 255, 0.01);
    assert.equal(edgesOf(12).at(-1)?.level, 0);
    motor.stop();
    await settle();
    await time.advance(60);
    assert.equal(edgesOf(3).at(-1)?.level, 0);
  },

  async "Relay closes and opens, and the other way round where it is normally closed"(desk) {
    const { board, settle, edgesOf } = desk;
    const open = new five.Relay({ pin: 4, board });
    open.close();
    await settle();
    assert.equal(edgesOf(4).at(-1)?.level, 1);
    open.open();
    await settle();
    assert.equal(edgesOf(4).at(-1)?.level, 0);
    const closed = new five.Relay({ pin: 7, type: "NC", board });
    closed.open();
    await settle();
    assert.equal(edgesOf(7).at(-1)?.level, 1);
  },

  async "LCD shows two lines over I2C"({ board, time, part }) {
    const lcd = new five.LCD({ controller: "PCF8574", board });
    await time.advance(200);
    lcd.clear().print("Temperature");
    lcd.cursor(1, 3).print("21.5 C");
    await time.advance(500);
    const { lines, isOn, isLit } = part("lcd");
    assert.deepEqual(lines, ["Temperature     ", "   21.5 C       "]);
    assert.deepEqual([isOn, isLit], [true, true]);
    lcd.noBacklight();
    await time.advance(50);
    assert.equal(part("lcd").isLit, false);
  },
};

const FIRMWARES = [
  { name: "CircuitFirmata", hex: async () => CIRCUIT_UNO_HEX, skip: false },
  { name: "StandardFirmata", hex: standardFirmataHex, skip: skipWithout(...FIRMWARE_TOOLS) },
];

for (const { name, hex, skip } of FIRMWARES)
  for (const [what, story] of Object.entries(COMPONENTS))
    test(`${what}, on ${name}`, { skip }, async (context) => story(await desk(context, await hex())));

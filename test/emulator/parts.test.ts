import assert from "node:assert/strict";
import { test } from "node:test";
import { Parts } from "../../src/emulator/parts.js";
import type { Level } from "../../src/emulator/pins.js";
import type { Attachment } from "../../src/wiring/attachments.js";

/** One part on pins, and what it did to them. */
function benchWith(type: string, terminals: Record<string, string>, attrs: Record<string, string> = {}) {
  const driven: (readonly [number, Level | undefined])[] = [];
  const volts: (readonly [number, number | undefined])[] = [];
  const addresses: number[] = [];
  const attachment: Attachment = { part: "it", type, attrs, terminals };
  const parts = new Parts([attachment], {
    setLevel: (pin, level) => driven.push([pin, level]),
    setVoltage: (channel, value) => volts.push([channel, value]),
    answerTo: (address) => addresses.push(address),
  });
  const state = (nowUs = 0) => parts.states(nowUs)[0];
  return { parts, driven, volts, addresses, state };
}

const LEDS: readonly (readonly [string, Record<string, string>, number, readonly [boolean, boolean]])[] = [
  ["to ground lights at 1", { A: "13", C: "GND" }, 13, [false, true]],
  ["to another ground lights at 1", { A: "13", C: "GND.2" }, 13, [false, true]],
  ["from 5 V lights at 0", { A: "5V", C: "7" }, 7, [true, false]],
  ["on an analog pin lights at 1", { A: "A5", C: "GND" }, 19, [false, true]],
  ["the wrong way round stays dark", { A: "GND", C: "7" }, 7, [false, false]],
  ["with a loose end stays dark", { A: "7" }, 7, [false, false]],
];
for (const [what, terminals, pin, [atLow, atHigh]] of LEDS)
  test(`an LED ${what}`, () => {
    const { parts, state } = benchWith("wokwi-led", terminals);
    const lit = () => {
      const now = state();
      return now?.type === "led" && now.lit;
    };
    assert.equal(lit(), atLow);
    parts.edge({ pin, level: 1, atUs: 10 });
    assert.equal(lit(), atHigh);
    parts.edge({ pin, level: 0, atUs: 20 });
    assert.equal(lit(), atLow);
  });

const SERVOS: readonly (readonly [pulseUs: number, degrees: number])[] = [
  [544, 0],
  [1_472, 90],
  [2_400, 180],
  [400, 0],
  [2_600, 180],
];
for (const [pulseUs, degrees] of SERVOS)
  test(`a servo with pulses of ${pulseUs} µs is to be at ${degrees}°`, () => {
    const { parts, state } = benchWith("wokwi-servo", { PWM: "9", "V+": "5V", GND: "GND" });
    const degreesOf = () => {
      const now = state();
      return now?.type === "servo" ? now.degrees : -1;
    };
    assert.equal(degreesOf(), undefined);
    parts.edge({ pin: 9, level: 1, atUs: 100 });
    parts.edge({ pin: 9, level: 0, atUs: 100 + pulseUs });
    assert.equal(degreesOf(), degrees);
  });

/** A display, and what its backpack is told: nibbles with E high, then low. */
function lcdBench(attrs: Record<string, string> = {}) {
  const bench = benchWith("wokwi-lcd1602", { SDA: "A4", SCL: "A5", VCC: "5V", GND: "GND" }, attrs);
  const address = bench.addresses[0] ?? 0;
  const nibble = (value: number, flags: number) => {
    for (const bits of [0x0c, 0x08]) bench.parts.wrote(address, (value << 4) | flags | bits);
  };
  const tell = (value: number, isData: boolean) => {
    nibble(value >> 4, isData ? 1 : 0);
    nibble(value & 0x0f, isData ? 1 : 0);
  };
  return {
    ...bench,
    instruct: (...values: number[]) => values.forEach((value) => void tell(value, false)),
    write: (text: string) => [...text].forEach((character) => void tell(character.charCodeAt(0), true)),
    /** HD44780U datasheet, figure 24: initializing by instruction. */
    begin: () => [3, 3, 3, 2].forEach((value) => void nibble(value, 0)),
    shown: () => {
      const now = bench.state();
      return now?.type === "lcd" ? now : undefined;
    },
  };
}

test("a display shows what it is told, line by line, once it is on", () => {
  const { begin, instruct, write, shown } = lcdBench();
  assert.deepEqual(shown()?.isOn, false);
  begin();
  instruct(0x28, 0x0c, 0x01, 0x06);
  write("Hello");
  instruct(0xc0);
  write("21.5\u00df");
  assert.deepEqual(shown(), {
    ...{ type: "lcd", id: "it", isOn: true, isLit: true },
    lines: ["Hello           ", "21.5\u00b0           "],
  });
});

test("a display clears, moves its cursor, scrolls, and writes leftwards", () => {
  const { begin, instruct, write, shown } = lcdBench();
  begin();
  instruct(0x28, 0x0c, 0x06);
  write("abc");
  instruct(0x10, 0x10);
  write("X");
  assert.equal(shown()?.lines[0]?.trim(), "aXc");
  instruct(0x18);
  assert.equal(shown()?.lines[0]?.slice(0, 2), "Xc");
  instruct(0x1c, 0x1c);
  assert.equal(shown()?.lines[0]?.slice(0, 4), " aXc");
  instruct(0x01, 0x85, 0x04);
  write("cba");
  assert.equal(shown()?.lines[0], "   abc          ");
});

test("a display beside other pins, or at no address, is not on the bus", () => {
  assert.deepEqual(benchWith("wokwi-lcd1602", { SDA: "A5", SCL: "A4" }).addresses, []);
  assert.deepEqual(benchWith("wokwi-lcd1602", { SDA: "A4", SCL: "A5" }, { i2cAddress: "x" }).addresses, []);
  assert.deepEqual(
    benchWith("wokwi-lcd2004", { SDA: "A4", SCL: "A5" }, { i2cAddress: "0x3f" }).addresses,
    [0x3f],
  );
});

test("an LED on PWM has the brightness of its duty, and of its level when that ends or is slow", () => {
  const { parts, state } = benchWith("wokwi-led", { A: "9", C: "GND" });
  for (let atUs = 0; atUs < 20_400; atUs += 2_040) {
    parts.edge({ pin: 9, level: 1, atUs });
    parts.edge({ pin: 9, level: 0, atUs: atUs + 510 });
  }
  const brightness = (nowUs: number) => {
    const now = state(nowUs);
    return now?.type === "led" ? now.brightness : undefined;
  };
  assert.equal(brightness(19_000), 0.25);
  assert.equal(brightness(30_000), 0);
  parts.edge({ pin: 9, level: 1, atUs: 100_000 });
  assert.equal(brightness(100_001), 1);
});

test("a buzzer tells the tone that it sounds, and each one when it has ended", () => {
  const { parts, state } = benchWith("wokwi-buzzer", { "1": "GND", "2": "8" });
  const tones: number[] = [];
  parts.onTone("it", ({ hz }) => tones.push(hz));
  for (let index = 0; index < 20; index++)
    parts.edge({ pin: 8, level: index % 2 ? 0 : 1, atUs: index * 500 });
  const now = state(10_000);
  assert.equal(now?.type === "buzzer" ? now.tone?.hz : undefined, 1_000);
  assert.deepEqual(tones, []);
  state(100_000);
  assert.deepEqual(tones, [1_000]);
});

const BUTTONS: readonly (readonly [
  string,
  Record<string, string>,
  readonly (readonly [number, Level | undefined])[],
])[] = [
  [
    "to ground, for the chip's pull-up",
    { "1.l": "2", "2.l": "GND" },
    [
      [2, undefined],
      [2, 0],
      [2, undefined],
    ],
  ],
  [
    "with its legs swapped",
    { "1.r": "GND", "2.r": "2" },
    [
      [2, undefined],
      [2, 0],
      [2, undefined],
    ],
  ],
  [
    "to ground with a pull-up",
    { "1.l": "2", "1.r": "5V", "2.r": "GND" },
    [
      [2, 1],
      [2, 0],
      [2, 1],
    ],
  ],
  [
    "to 5 V with a pull-down",
    { "1.l": "5V", "2.l": "2", "2.r": "GND" },
    [
      [2, 0],
      [2, 1],
      [2, 0],
    ],
  ],
  [
    "with nothing on the other side",
    { "1.l": "2" },
    [
      [2, undefined],
      [2, undefined],
      [2, undefined],
    ],
  ],
];
for (const [what, terminals, levels] of BUTTONS)
  test(`a button ${what}`, () => {
    const { parts, driven, state } = benchWith("wokwi-pushbutton", terminals);
    parts.press("it", true);
    assert.deepEqual(state(), { type: "button", id: "it", pressed: true });
    parts.press("it", false);
    assert.deepEqual(driven, levels);
  });

test("a potentiometer divides what it hangs between, from its first value on", () => {
  const wired = { SIG: "A2", VCC: "3.3V", GND: "GND" };
  const { parts, volts } = benchWith("wokwi-potentiometer", wired, { value: "1023" });
  parts.turn("it", 0.5);
  assert.deepEqual(volts, [
    [2, 3.3],
    [2, 1.65],
  ]);
  assert.throws(() => parts.turn("it", 1.01), { code: "USAGE", message: /1\.01 is not between 0 and 1/ });
  assert.throws(() => parts.turn("it", Number.NaN), { code: "USAGE" });
});

test("a part that is not there, or is another, is an error that names those that are", () => {
  const { parts } = benchWith("wokwi-pushbutton", { "1.l": "2", "2.l": "GND" });
  assert.throws(() => parts.press("btn2", true), {
    code: "USAGE",
    message: /press btn2: .*no such button \(it has it\)/,
  });
  assert.throws(() => parts.turn("it", 0.5), { code: "USAGE", message: /\(it has none\)/ });
});

type RelayRow = readonly [
  what: string,
  terminals: Record<string, string>,
  attrs: Record<string, string>,
  isOn: readonly [atLow: boolean, atHigh: boolean],
];
const RELAYS: readonly RelayRow[] = [
  ["is on at 1", { IN: "7" }, {}, [false, true]],
  ["with a pnp transistor is on at 0", { IN: "7" }, { transistor: "pnp" }, [true, false]],
  ["that is not wired stays off", {}, { transistor: "pnp" }, [false, false]],
];
for (const [what, terminals, attrs, isOn] of RELAYS)
  test(`a relay module ${what}`, () => {
    const { parts, state } = benchWith("wokwi-relay-module", terminals, attrs);
    const seen = ([0, 1] as const).map((level) => {
      parts.edge({ pin: 7, level, atUs: 10 });
      const now = state();
      return now?.type === "relay" && now.isOn;
    });
    assert.deepEqual(seen, isOn);
  });

/** What the module gives of 5 V, by R = 10 kΩ · e^(3950 (1/T − 1/298.15)) below 10 kΩ. */
const TEMPERATURES: readonly (readonly [celsius: number, volts: number])[] = [
  [25, 2.5],
  [0, 3.8538],
  [50, 1.3203],
];
for (const [celsius, volts] of TEMPERATURES)
  test(`a thermistor gives ${volts} V at ${celsius} °C, and a supply's voltage where it is broken`, () => {
    const bench = benchWith(
      "wokwi-ntc-temperature-sensor",
      { OUT: "A1", VCC: "5V", GND: "GND.2" },
      { temperature: String(celsius) },
    );
    const last = () => bench.volts.at(-1) ?? [];
    assert.equal(last()[0], 1);
    assert.ok(Math.abs((last()[1] ?? 0) - volts) < 0.0001, String(last()[1]));
    bench.parts.damage("it", "open");
    assert.deepEqual(last(), [1, 5]);
    bench.parts.warm("it", celsius);
    assert.deepEqual(last(), [1, 5], "it is broken still");
    bench.parts.damage("it", "short");
    assert.deepEqual(last(), [1, 0]);
    bench.parts.damage("it", undefined);
    assert.ok(Math.abs((last()[1] ?? 0) - volts) < 0.0001);
  });

test("Parts refuses what is no temperature, and parts that are no thermistors", () => {
  const { parts } = benchWith("wokwi-ntc-temperature-sensor", { OUT: "A0" });
  for (const celsius of [-300, Number.NaN, Infinity])
    assert.throws(() => parts.warm("it", celsius), { code: "USAGE", message: /is no temperature in °C/ });
  assert.throws(() => parts.warm("other", 20), { code: "USAGE", message: /it has it\)/ });
  assert.throws(() => parts.damage("other", "open"), { code: "USAGE" });
});

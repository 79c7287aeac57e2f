import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Circuit, exampleUrl, runNewcomersTest } from "./newcomer.js";

interface Fault {
  readonly circuit: Circuit;
  readonly what: string;
  /** The sketch's file, by default that of the circuit's name. */
  readonly file?: URL;
  /** What stands there once, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  /** The newcomer's test that catches it. */
  readonly test: string;
  /** What its failure tells: what was expected, and which pin did what when. */
  readonly says: readonly RegExp[];
}

/** A sketch of circuit's own, as it is built. */
function ownSketch(name: string): URL {
  return new URL(`../../src/sketch/${name}.js`, import.meta.url);
}

const LED_TEST = "the LED shows each bit for 150 ms, and there is a second between two ticks";
const BELL_TEST = "the bell rings and blinks when its button is pressed";
const HEAT_TEST = "it heats below 20.5 °C, stops above 21.5 °C, and leaves all as it is between";
const SWEEP_TEST = "the servo sweeps to and fro, and no farther";
const CROSS_TEST = "who presses the button walks while cars have red, and cars start by red and yellow";

const FAULTS: readonly Fault[] = [
  {
    circuit: "clock-pin-buzzer",
    what: "bits upside down",
    file: ownSketch("io-pin"),
    from: ".write(bit);",
    to: ".write(1 - bit);",
    test: LED_TEST,
    says: [
      /Cannot see led1 become lit: it did not in 50 ms/,
      /pin 13: low all the time\n +pin 8 bz1: 440\.\d Hz at \d+\.\d for \d+\.\d ms/,
    ],
  },
  {
    circuit: "clock-pin-buzzer",
    what: "a tenth of the wait",
    file: ownSketch("clock"),
    from: "this.#delaySeconds * 1_000",
    to: "this.#delaySeconds * 100",
    test: LED_TEST,
    says: [
      /Cannot see led1 stay lit for 1\.4 s: it was dark after 5\d\d\.\d ms/,
      /pin 13: high at \d+\.\d, low at \d+\.\d, high at 3\d\d\.\d, low at 9\d\d\.\d/,
    ],
  },
  {
    circuit: "clock-pin-buzzer",
    what: "a semitone too high",
    file: ownSketch("buzzer"),
    from: "toneHz = 440",
    to: "toneHz = 466",
    test: "the piezo sounds an A for each 1, and nothing for a 0",
    says: [
      /Cannot hear 440 Hz for 100 ms on bz1: the nearest in 5 s was 46\d\.\d+ Hz \(\+\d+\.\d cents\)/,
      /pin 8: 46\d\.\d Hz at \d+\.\d for 9\d\.\d ms/,
    ],
  },
  {
    circuit: "doorbell",
    what: "another note",
    from: '["E5", 1]',
    to: '["F5", 1]',
    test: BELL_TEST,
    says: [
      /Cannot hear 659\.25 Hz for 100 ms on piezo1: the nearest in 5 s was 69\d\.\d+ Hz/,
      /pin 8: 523\.\d Hz at \d+\.\d for \d+\.\d ms, 69\d\.\d Hz at 2\d\d\.\d for/,
    ],
  },
  {
    circuit: "doorbell",
    what: "the piezo's pin for the LED",
    from: "new five.Led({ pin: 13, board })",
    to: "new five.Led({ pin: 8, board })",
    test: BELL_TEST,
    says: [
      /Cannot see pin 13 blink every 500 ms, 3 times: it did 0 in a row in 8 s/,
      /pin 13: low all the time\n +pin 2 button1: low at 105\.\d, high at 205\.\d\n +pin 8 piezo1: 523\.\d Hz at/,
    ],
  },
  {
    circuit: "doorbell",
    what: "a pin without a part",
    from: "new five.Led({ pin: 13, board })",
    to: "new five.Led({ pin: 12, board })",
    test: BELL_TEST,
    says: [
      /Cannot set up sketch: cannot use pin 12: the wiring .* has nothing there, only on 13 \(led1\), 8 \(piezo1\), 2 \(button1\)/,
    ],
  },
  {
    circuit: "doorbell",
    what: "blinking that does not end",
    from: "this.clock.after(3_250,",
    to: "this.clock.after(32_500,",
    test: BELL_TEST,
    says: [
      /Cannot see pin 13 stay low for 10 s: it was high after 500\.\d ms/,
      /pin 13: high at \d+\.\d, low at [\s\S]*low at 31\d\d\.\d, high at 36\d\d\.\d/,
    ],
  },
  {
    circuit: "thermostat",
    what: "no hysteresis",
    from: "hysteresis = 0.5",
    to: "hysteresis = 0",
    test: HEAT_TEST,
    says: [
      /Cannot see relay1 stay on for 2 s: it was off after \d+\.\d ms/,
      /pin 7: high at \d+\.\d, low at \d+\.\d\n +the test: warm sensor1 to 21\.2 °C at \d+\.\d/,
    ],
  },
  {
    circuit: "thermostat",
    what: "ten times as slow",
    from: "freq: 250",
    to: "freq: 2_500",
    test: HEAT_TEST,
    says: [
      /Cannot see relay1 become on: it did not in 500 ms/,
      /pin 7: low all the time\n +the test: warm sensor1 to 20 °C at 105\.\d/,
    ],
  },
  {
    circuit: "thermostat",
    what: "a broken sensor taken for a cold one",
    from: "value > MOST",
    to: "value > 1_023",
    test: "it does not heat while its sensor is broken: open",
    says: [
      /Cannot see relay1 become off: it did not in 500 ms/,
      /pin 7: high at \d+\.\d\n +the test: damage sensor1: open at \d+\.\d/,
    ],
  },
  {
    circuit: "servo-sweep",
    what: "too far",
    from: "const RIGHT = 150;",
    to: "const RIGHT = 170;",
    test: SWEEP_TEST,
    says: [
      /Cannot see servo1 stay between 30° and 150° for 6 s: it was at 15\d\.\d° after \d+\.\d ms/,
      /pin 9: 3\d\.\d° at \d+\.\d, 15\d\.\d° at \d+\.\d/,
    ],
  },
  {
    circuit: "servo-sweep",
    what: "one jump instead of many steps",
    from: "const STEP_MS = 20;",
    to: "const STEP_MS = 2_000;",
    test: SWEEP_TEST,
    says: [
      /Cannot see servo1 sweep evenly from 30° to 150° in 2\.667 s: it did not in \d+(\.\d+)? s/,
      /pin 9: 30\.0° at \d+\.\d, 30\.0° at 20\d\d\.\d, 120\.0° at 20\d\d\.\d, 120\.0° at 40\d\d\.\d/,
    ],
  },
  {
    circuit: "servo-sweep",
    what: "ten times too slow",
    from: "const FASTEST = 90;",
    to: "const FASTEST = 9;",
    test: SWEEP_TEST,
    says: [
      /Cannot see servo1 sweep evenly from 30° to 150° in 2\.667 s: it did not in \d+(\.\d+)? s/,
      /pin 9: 30\.\d° at \d+\.\d, \d+\.\d° at \d+\.\d\n/,
    ],
  },
  {
    circuit: "traffic-light",
    what: "phases swapped",
    from: '{ phase: "stopping", lit: ["yellow", "dontWalk"]',
    to: '{ phase: "stopping", lit: ["red", "dontWalk"]',
    test: CROSS_TEST,
    says: [
      /Cannot see yellow1 become lit: it did not in 100 ms/,
      /pin 11: low all the time\n +pin 2 button1: .*\n +pin 10 green1: low at 511\d\.\d\n +pin 12 red1: high at 511\d\.\d\n/,
    ],
  },
  {
    circuit: "traffic-light",
    what: "pins swapped",
    from: "yellow: 11, green: 10",
    to: "yellow: 10, green: 11",
    test: "cars have green until somebody wants to cross",
    says: [/Cannot see green1 become lit: it did not in 5 s/, /pin 10: low all the time\n/],
  },
  {
    circuit: "traffic-light",
    what: "a tenth of the time to walk",
    from: "ms: 4_000",
    to: "ms: 400",
    test: CROSS_TEST,
    says: [
      /Cannot see red1 stay lit for 3\.9 s: it was dark after 3\d\d\d\.\d ms/,
      /pin 12: high at 611\d\.\d, low at 105\d\d\.\d\n/,
    ],
  },
];

for (const fault of FAULTS) {
  const { circuit, what, from, to, says } = fault;
  test(`${circuit}: ${what} is caught, and the failure tells which pin did what when`, async () => {
    const file = fault.file ?? exampleUrl(circuit, `${circuit}.js`);
    const source = readFileSync(file, "utf8");
    assert.equal(source.split(from).length, 2, `${file} does not have ${from} once`);
    const planted = { url: file.href, source: source.replace(from, to) };
    const { code, output } = await runNewcomersTest(circuit, { test: fault.test, planted });
    assert.equal(code, 1, output);
    for (const pattern of says) assert.match(output, pattern);
  });
}

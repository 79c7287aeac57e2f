import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { checkWiring } from "../../../src/wiring/check/check.js";
import { readWiring } from "../../../src/wiring/read.js";
import { OWN_FOLDER, readOwn } from "../diagrams.js";
import {
  ask,
  BUTTON,
  BUZZER,
  type CheckRow,
  fed,
  foundIn,
  LCD,
  led,
  lit,
  POT,
  RELAY,
  resistor,
  servo,
} from "./rows.js";

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

const ROWS: readonly CheckRow[] = [
  {
    what: "an LED with its resistor",
    parts: [led("led1"), resistor("r1", 220)],
    wires: lit(13, "led1", "r1"),
    found: [],
  },
  {
    what: "5V wired to ground",
    parts: [],
    wires: ["uno:5V uno:GND.1"],
    found: [["short", "error", "GND and 5V are joined without anything between them"]],
  },
  {
    what: "a pin wired to ground",
    parts: [BUZZER],
    wires: ["uno:8 bz1:1", "bz1:2 uno:GND.1", "uno:8 uno:GND.2"],
    found: [
      ["short", "error", "pin 8 is wired straight to GND: as a high output it shorts the supply"],
      ["short", "error", "both ends of bz1, 1 and 2, are on one net, and nothing flows through it"],
    ],
  },
  {
    what: "two pins wired together",
    parts: [BUZZER],
    wires: ["uno:8 bz1:1", "uno:9 uno:8", "bz1:2 uno:GND.1"],
    found: [
      ["pins-joined", "error", "pins 9 and 8 are wired together: outputs of two levels short each other"],
    ],
  },
  {
    what: "a part with both ends on one net",
    parts: [BUZZER],
    wires: ["uno:8 bz1:1", "uno:8 bz1:2"],
    found: [["short", "error", "both ends of bz1, 1 and 2, are on one net, and nothing flows through it"]],
  },
  {
    what: "a button wired on one side",
    parts: [BUTTON],
    wires: ["uno:2 btn1:1.l", "btn1:1.r uno:GND.1"],
    found: [
      [
        "button-legs",
        "error",
        "the wires are on 1.l and 1.r, which are one piece of metal: pressing joins nothing",
      ],
    ],
  },
  {
    what: "an LED without a resistor",
    parts: [led("led1")],
    wires: ["uno:13 led1:A", "led1:C uno:GND.1"],
    found: [
      ["led-resistor", "error", "led1 is between 13 and GND without a resistor: nothing limits its current"],
    ],
  },
  {
    what: "two LEDs in a row without a resistor",
    parts: [led("led1"), led("led2")],
    wires: ["uno:13 led1:A", "led1:C led2:A", "led2:C uno:GND.1"],
    found: [
      ["led-resistor", "error", "led1 is between 13 and GND without a resistor: nothing limits its current"],
      ["led-resistor", "error", "led2 is between 13 and GND without a resistor: nothing limits its current"],
    ],
  },
  {
    what: "an LED whose resistor is on its other side",
    parts: [led("led1"), resistor("r1", 220)],
    wires: ["uno:13 led1:A", "led1:C r1:1", "r1:2 uno:GND.1"],
    found: [],
  },
  {
    what: "an LED between a supply and a pin that takes its current",
    parts: [led("led1"), resistor("r1", 220)],
    wires: ["uno:5V led1:A", "led1:C r1:1", "r1:2 uno:7"],
    found: [],
  },
  {
    what: "an LED backwards",
    parts: [led("led1"), resistor("r1", 220)],
    wires: ["uno:13 r1:1", "r1:2 led1:C", "led1:A uno:GND.1"],
    found: [["led-backwards", "error", "led1 is backwards: its anode A leads to GND, its cathode C to 13"]],
  },
  {
    what: "an LED backwards at a supply",
    parts: [led("led1"), resistor("r1", 220)],
    wires: ["uno:5V r1:1", "r1:2 led1:C", "led1:A uno:7"],
    found: [["led-backwards", "error", "led1 is backwards: its anode A leads to 7, its cathode C to 5V"]],
  },
  {
    what: "an LED without a way to ground",
    parts: [led("led1"), resistor("r1", 220)],
    wires: ["uno:13 r1:1", "r1:2 led1:A"],
    found: [["no-ground", "error", "no current can flow through led1: its C leads to no pin, GND or supply"]],
  },
  {
    what: "a piezo without a way to ground",
    parts: [BUZZER],
    wires: ["uno:8 bz1:2"],
    found: [["no-ground", "error", "no current can flow through bz1: its 1 leads to no pin, GND or supply"]],
  },
  {
    what: "an LED at a part that is not known",
    parts: [led("led1"), ["x", "chip-x"]],
    wires: ["uno:13 led1:A", "led1:C x:IN"],
    found: [],
  },
  {
    what: "an LED at 25 mA",
    parts: [led("led1"), resistor("r1", 125)],
    wires: lit(13, "led1", "r1"),
    found: [["pin-current", "warning", "pin 13 gives 25.6 mA: 20 mA is what it is made for"]],
  },
  {
    what: "an LED at 46 mA",
    parts: [led("led1"), resistor("r1", 68)],
    wires: lit(13, "led1", "r1"),
    found: [["pin-current", "error", "pin 13 gives 47.0 mA: 40 mA is what it survives"]],
  },
  {
    what: "a blue LED, which takes less",
    parts: [led("led1", "blue"), resistor("r1", 125)],
    wires: lit(13, "led1", "r1"),
    found: [],
  },
  {
    what: "two LEDs that share a resistor",
    parts: [led("led1"), led("led2"), resistor("r1", 180)],
    wires: ["uno:13 r1:1", "r1:2 led1:A", "r1:2 led2:A", "led1:C uno:GND.1", "led2:C uno:GND.1"],
    found: [["pin-twice", "warning", "pin 13 is used by led1 (output) and led2 (output)"]],
  },
  {
    what: "two LEDs on a pin, each with a resistor",
    parts: [led("led1"), led("led2"), resistor("r1", 220), resistor("r2", 220)],
    wires: [...lit(13, "led1", "r1"), ...lit(13, "led2", "r2")],
    found: [
      ["pin-current", "warning", "pin 13 gives 29.1 mA: 20 mA is what it is made for"],
      ["pin-twice", "warning", "pin 13 is used by led1 (output) and led2 (output)"],
    ],
  },
  {
    what: "nine LEDs on pins 5 to 13",
    parts: range(9).flatMap((at) => [led(`led${at}`), resistor(`r${at}`, 180)]),
    wires: range(9).flatMap((at) => lit(5 + at, `led${at}`, `r${at}`)),
    found: [
      [
        "port-current",
        "error",
        "pins 5 to 13 give 160 mA together, if all are on at once: 150 mA is what they may",
      ],
    ],
  },
  {
    what: "six LEDs from 5V to A0 to A5",
    parts: range(6).flatMap((at) => [led(`led${at}`), resistor(`r${at}`, 180)]),
    wires: range(6).flatMap((at) => [`uno:5V led${at}:A`, `led${at}:C r${at}:1`, `r${at}:2 uno:A${at}`]),
    found: [
      [
        "port-current",
        "error",
        "pins A0 to A5 take 107 mA together, if all are on at once: 100 mA is what they may",
      ],
    ],
  },
  {
    what: "twelve LEDs on pins of two groups",
    parts: range(12).flatMap((at) => [led(`led${at}`), resistor(`r${at}`, 180)]),
    wires: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].flatMap((pin, at) => lit(pin, `led${at}`, `r${at}`)),
    found: [
      [
        "port-current",
        "error",
        "pins 5 to 13 give 160 mA together, if all are on at once: 150 mA is what they may",
      ],
      [
        "port-current",
        "error",
        "pins 0 to 13 and A0 to A5 give 213 mA together, if all are on at once: 200 mA is what they may",
      ],
    ],
  },
  {
    what: "a servo without ground",
    parts: [servo("sv1")],
    wires: ["uno:9 sv1:PWM", "sv1:V+ uno:5V"],
    found: [["no-ground", "error", "sv1 has no ground: its GND has no wire"]],
  },
  {
    what: "a servo without a supply",
    parts: [servo("sv1")],
    wires: ["uno:9 sv1:PWM", "sv1:GND uno:GND.1"],
    found: [["no-supply", "error", "sv1 has no supply: its V+ has no wire"]],
  },
  {
    what: "a servo fed from a pin",
    parts: [servo("sv1")],
    wires: ["uno:9 sv1:PWM", ...fed("sv1", "V+", "7")],
    found: [["supply-from-pin", "error", "sv1 is fed from pin 7: it draws 250 mA, and a pin gives 20"]],
  },
  {
    what: "a servo the wrong way round",
    parts: [servo("sv1")],
    wires: ["uno:9 sv1:PWM", "sv1:GND uno:5V", "sv1:V+ uno:GND.1"],
    found: [
      ["no-ground", "error", "sv1 has no ground: its GND leads to 5V"],
      ["no-supply", "error", "sv1 is fed from GND: its V+ is there"],
    ],
  },
  {
    what: "a servo on 3.3 V",
    parts: [servo("sv1")],
    wires: ["uno:9 sv1:PWM", ...fed("sv1", "V+", "3.3V")],
    found: [["supply-current", "error", "the board's 3.3V has to give 250 mA: it has 50"]],
  },
  {
    what: "two servos and a relay on the board's 5 V",
    parts: [servo("sv1"), servo("sv2"), RELAY],
    wires: [
      "uno:9 sv1:PWM",
      ...fed("sv1", "V+"),
      "uno:10 sv2:PWM",
      ...fed("sv2", "V+"),
      "uno:7 relay1:IN",
      ...fed("relay1"),
    ],
    found: [["supply-current", "warning", "the board's 5V has to give 630 mA: it has 500"]],
  },
  {
    what: "a potentiometer fed from a pin, which can give that",
    parts: [POT],
    wires: ["uno:A0 pot1:SIG", ...fed("pot1", "VCC", "7")],
    found: [],
  },
  {
    what: "a button and an LED on one pin",
    parts: [BUTTON, led("led1"), resistor("r1", 220)],
    wires: ["uno:2 btn1:1.l", "btn1:2.l uno:GND.1", ...lit(2, "led1", "r1")],
    found: [["pin-twice", "error", "pin 2 is used by btn1 (input) and led1 (output)"]],
  },
  {
    what: "two potentiometers on one pin",
    parts: [POT, ["pot2", "wokwi-potentiometer"]],
    wires: ["uno:A0 pot1:SIG", ...fed("pot1"), "uno:A0 pot2:SIG", ...fed("pot2")],
    found: [["pin-twice", "error", "pin A0 is used by pot1 (analog) and pot2 (analog)"]],
  },
  {
    what: "an LED and a piezo on one pin",
    parts: [BUZZER, led("led1"), resistor("r1", 220)],
    wires: ["uno:8 bz1:2", "bz1:1 uno:GND.1", ...lit(8, "led1", "r1")],
    found: [["pin-twice", "warning", "pin 8 is used by bz1 (tone) and led1 (output)"]],
  },
  {
    what: "a piezo on the line to the computer",
    parts: [BUZZER],
    wires: ["uno:1 bz1:2", "bz1:1 uno:GND.1"],
    found: [["serial-pins", "error", "bz1 is on pin 1, which is the line to the computer"]],
  },
  {
    what: "a display on the bus",
    parts: [LCD],
    wires: ["uno:A4 lcd1:SDA", "uno:A5.2 lcd1:SCL", ...fed("lcd1")],
    found: [],
  },
  {
    what: "a display with SDA and SCL crossed",
    parts: [LCD],
    wires: ["uno:A5 lcd1:SDA", "uno:A4 lcd1:SCL", ...fed("lcd1")],
    found: [
      ["i2c-pins", "error", "lcd1's SDA is on pin A5: the board's SDA is A4"],
      ["i2c-pins", "error", "lcd1's SCL is on pin A4: the board's SCL is A5"],
    ],
  },
  {
    what: "a potentiometer on the bus of a display",
    parts: [LCD, POT],
    wires: ["uno:A4 lcd1:SDA", "uno:A5 lcd1:SCL", ...fed("lcd1"), "uno:A5 pot1:SIG", ...fed("pot1")],
    found: [["i2c-taken", "error", "pot1 uses pin A5 (analog), which is the I2C bus of lcd1"]],
  },
  {
    what: "two displays on one bus",
    parts: [LCD, ["lcd2", "wokwi-lcd1602"]],
    wires: [
      "uno:A4 lcd1:SDA",
      "uno:A5 lcd1:SCL",
      ...fed("lcd1"),
      "uno:A4 lcd2:SDA",
      "uno:A5 lcd2:SCL",
      ...fed("lcd2"),
    ],
    found: [],
  },
  {
    what: "a potentiometer on a digital pin",
    parts: [POT],
    wires: ["uno:7 pot1:SIG", ...fed("pot1")],
    found: [["analog-missing", "error", "pot1 gives a voltage on pin 7, which is not analog"]],
  },
  {
    what: "colours mixed on a pin without PWM",
    parts: [["rgb", "wokwi-rgb-led"], resistor("r1", 330)],
    wires: ["uno:12 r1:1", "r1:2 rgb:R", "rgb:COM uno:GND.1"],
    found: [["pwm-missing", "error", "rgb asks PWM of pin 12, which has none"]],
  },
  {
    what: "a sketch that asks PWM of a pin without it",
    parts: [led("led1"), resistor("r1", 220)],
    wires: lit(12, "led1", "r1"),
    programs: [ask(12, "pwm")],
    found: [["pwm-missing", "error", "nodes.a asks PWM of pin 12, which has none"]],
  },
  {
    what: "PWM of pin 10 beside a servo",
    parts: [servo("sv1"), led("led1"), resistor("r1", 220)],
    wires: ["uno:6 sv1:PWM", ...fed("sv1", "V+"), ...lit(10, "led1", "r1")],
    programs: [ask(10, "pwm")],
    found: [["pwm-timer", "error", "nodes.a asks PWM of pin 10, whose Timer1 sv1 needs"]],
  },
  {
    what: "PWM of pin 9 beside a piezo",
    parts: [BUZZER, led("led1"), resistor("r1", 220)],
    wires: ["uno:8 bz1:2", "bz1:1 uno:GND.1", ...lit(9, "led1", "r1")],
    programs: [ask(9, "pwm")],
    found: [
      ["pwm-timer", "error", "nodes.a asks PWM of pin 9, whose Timer1 bz1 needs on circuit's own firmware"],
    ],
  },
  {
    what: "PWM of pin 11 beside a piezo, whose timer is another",
    parts: [BUZZER, led("led1"), resistor("r1", 220)],
    wires: ["uno:8 bz1:2", "bz1:1 uno:GND.1", ...lit(11, "led1", "r1")],
    programs: [ask(11, "pwm")],
    found: [],
  },
  {
    what: "a button to 5V without a resistor",
    parts: [BUTTON],
    wires: ["uno:2 btn1:1.l", "btn1:2.r uno:5V"],
    found: [["floating-input", "error", "nothing holds pin 2 while btn1 is not pressed"]],
  },
  {
    what: "a button to 5V with a resistor to ground",
    parts: [BUTTON, resistor("r1", 10_000)],
    wires: ["uno:2 btn1:1.l", "btn1:2.r uno:5V", "r1:1 uno:2", "r1:2 uno:GND.1"],
    found: [],
  },
  {
    what: "a button to ground whose pull-up is off",
    parts: [BUTTON],
    wires: ["uno:2 btn1:1.l", "btn1:2.r uno:GND.1"],
    programs: [{ ...ask(2, "input", "pins.2"), pullup: false }],
    found: [
      [
        "floating-input",
        "error",
        "nothing holds pin 2 while btn1 is not pressed, and pins.2 switches the chip's pull-up off",
      ],
    ],
  },
  {
    what: "a sketch on a pin where nothing is",
    parts: [led("led1"), resistor("r1", 220)],
    wires: lit(13, "led1", "r1"),
    programs: [ask(12, "output")],
    found: [["pin-not-wired", "error", "nodes.a uses pin 12 as output, where nothing is wired"]],
  },
  {
    what: "a sketch that drives a button's pin",
    parts: [BUTTON],
    wires: ["uno:2 btn1:1.l", "btn1:2.r uno:GND.1"],
    programs: [ask(2, "output")],
    found: [["pin-twice", "error", "nodes.a uses pin 2 as output, where btn1 is for input"]],
  },
  {
    what: "two sketches on one pin",
    parts: [BUZZER],
    wires: ["uno:8 bz1:2", "bz1:1 uno:GND.1"],
    programs: [ask(8, "tone"), ask(8, "servo", "nodes.b")],
    found: [["pin-twice", "error", "pin 8 is used by nodes.a (tone) and nodes.b (servo)"]],
  },
  {
    what: "a part without a wire, and a resistor with one end",
    parts: [BUZZER, resistor("r1", 220)],
    wires: ["uno:8 r1:1"],
    found: [
      ["unwired", "warning", "bz1 has no wire"],
      ["unwired", "warning", "r1 has a wire at one end only, and none at 2"],
    ],
  },
  {
    what: "a resistor without a resistance",
    parts: [led("led1"), resistor("r1", "220 Ohm")],
    wires: lit(13, "led1", "r1"),
    found: [["unwired", "warning", 'r1 has the value "220 Ohm", which is no resistance']],
  },
];

for (const row of ROWS) {
  test(`checkWiring() looks at ${row.what}`, () => assert.deepEqual(foundIn(row), row.found));
}

for (const name of readdirSync(OWN_FOLDER).filter((file) => file.endsWith(".json"))) {
  test(`checkWiring() finds nothing wrong with wiring/${name}`, () => {
    assert.deepEqual(checkWiring(readWiring(readOwn(name), name)), []);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { attachments, describePins, wiredPins } from "../../src/wiring/attachments.js";
import { readWiring } from "../../src/wiring/read.js";
import type { Wiring } from "../../src/wiring/wiring.js";
import { type PartRow, readOwn, wiringOf } from "./diagrams.js";

const EXAMPLE = readWiring(readOwn("clock-pin-buzzer.json"), "clock-pin-buzzer.json");

test("attachments() follows the example's wires through its resistor", () => {
  assert.deepEqual(attachments(EXAMPLE), [
    { part: "led1", type: "wokwi-led", attrs: { color: "red" }, terminals: { A: "13", C: "GND" } },
    { part: "bz1", type: "wokwi-buzzer", attrs: { volume: "0.1" }, terminals: { 1: "GND", 2: "8" } },
  ]);
});

test("describePins() names the example's pins for a message", () => {
  assert.equal(describePins(EXAMPLE), "13 (led1), 8 (bz1)");
});

test("describePins() says so when no pin has a part", () => {
  assert.equal(describePins(wiringOf([["led1", "wokwi-led"]], [])), "none");
});

interface Row {
  readonly what: string;
  readonly parts: readonly PartRow[];
  readonly wires: readonly (readonly [string, string])[];
  /** Of each part in turn. */
  readonly terminals: readonly object[];
  readonly pins: readonly (readonly [number, readonly string[]])[];
}

const LED: PartRow = ["led1", "wokwi-led"];
const BUTTON: PartRow = ["btn1", "wokwi-pushbutton"];
const R1: PartRow = ["r1", "wokwi-resistor"];
const R2: PartRow = ["r2", "wokwi-resistor"];

const ROWS: readonly Row[] = [
  {
    what: "leaves out a terminal without a wire",
    parts: [LED],
    wires: [["led1:A", "uno:3"]],
    terminals: [{ A: "3" }],
    pins: [[3, ["led1"]]],
  },
  {
    what: "follows two resistors in a row",
    parts: [LED, R1, R2],
    wires: [
      ["uno:5", "r1:1"],
      ["r1:2", "r2:2"],
      ["r2:1", "led1:A"],
    ],
    terminals: [{ A: "5" }],
    pins: [[5, ["led1"]]],
  },
  {
    what: "follows the wires of another part",
    parts: [LED, ["led2", "wokwi-led"]],
    wires: [
      ["uno:6", "led1:A"],
      ["led2:A", "led1:A"],
      ["led2:C", "led1:C"],
      ["led1:C", "uno:GND.3"],
    ],
    terminals: [
      { A: "6", C: "GND" },
      { A: "6", C: "GND" },
    ],
    pins: [[6, ["led1", "led2"]]],
  },
  {
    what: "joins both sides of a push button",
    parts: [BUTTON],
    wires: [
      ["btn1:1.l", "uno:2"],
      ["btn1:2.r", "uno:GND.1"],
    ],
    terminals: [{ "1.l": "2", "2.l": "GND", "1.r": "2", "2.r": "GND" }],
    pins: [[2, ["btn1"]]],
  },
  {
    what: "takes a wire before a pull-up resistor",
    parts: [BUTTON, R1],
    wires: [
      ["r1:1", "uno:5V"],
      ["btn1:1.l", "r1:2"],
      ["btn1:1.r", "uno:2"],
      ["btn1:2.l", "uno:GND.2"],
    ],
    terminals: [{ "1.l": "2", "2.l": "GND", "1.r": "2", "2.r": "GND" }],
    pins: [[2, ["btn1"]]],
  },
  {
    what: "takes a pin before a supply as far away",
    parts: [LED, R1, R2],
    wires: [
      ["led1:A", "r1:1"],
      ["r1:2", "uno:5V"],
      ["led1:A", "r2:1"],
      ["r2:2", "uno:7"],
    ],
    terminals: [{ A: "7" }],
    pins: [[7, ["led1"]]],
  },
  {
    what: "takes a supply where there is no pin",
    parts: [["pot1", "wokwi-potentiometer"]],
    wires: [
      ["pot1:VCC", "uno:3.3V"],
      ["pot1:GND", "uno:GND.2"],
      ["pot1:SIG", "uno:A0"],
    ],
    terminals: [{ GND: "GND", SIG: "A0", VCC: "3.3V" }],
    pins: [[14, ["pot1"]]],
  },
  {
    what: "knows the second holes of A4 and A5",
    parts: [["lcd", "wokwi-lcd1602"]],
    wires: [
      ["lcd:SDA", "uno:A4.2"],
      ["uno:A5.2", "lcd:SCL"],
    ],
    terminals: [{ SDA: "A4", SCL: "A5" }],
    pins: [
      [18, ["lcd"]],
      [19, ["lcd"]],
    ],
  },
  {
    what: "finds a part on two pins of one net under both",
    parts: [LED],
    wires: [
      ["led1:A", "uno:4"],
      ["uno:2", "led1:A"],
    ],
    terminals: [{ A: "4" }],
    pins: [
      [4, ["led1"]],
      [2, ["led1"]],
    ],
  },
  {
    what: "ends where resistors go round in a ring",
    parts: [LED, R1, R2],
    wires: [
      ["led1:A", "r1:1"],
      ["r1:2", "r2:1"],
      ["r2:2", "led1:A"],
    ],
    terminals: [{}],
    pins: [],
  },
  {
    what: "keeps terminals of any name",
    parts: [["x", "chip-x"]],
    wires: [
      ["x:__proto__", "uno:9"],
      ["x:a:b", "uno:10"],
    ],
    terminals: [
      Object.fromEntries([
        ["__proto__", "9"],
        ["a:b", "10"],
      ]),
    ],
    pins: [
      [9, ["x"]],
      [10, ["x"]],
    ],
  },
];

for (const { what, parts, wires, terminals, pins } of ROWS) {
  const wiring: Wiring = wiringOf(parts, wires);
  test(`attachments() ${what}`, () => {
    assert.deepEqual(
      attachments(wiring).map((attachment) => attachment.terminals),
      terminals,
    );
  });
  test(`wiredPins() ${what}`, () => assert.deepEqual([...wiredPins(wiring)], pins));
}

test("attachments() follows a ladder of resistors in parallel, whose ways double at each rung", () => {
  const rungs = Array.from({ length: 60 }, (_, index) => index);
  const resistors = rungs.flatMap((rung): PartRow[] => [
    [`a${rung}`, "wokwi-resistor"],
    [`b${rung}`, "wokwi-resistor"],
  ]);
  const wires = rungs.flatMap((rung) => [
    [`a${rung}:1`, `b${rung}:1`] as const,
    [`a${rung}:2`, `b${rung}:2`] as const,
    [`a${rung}:2`, rung < 59 ? `a${rung + 1}:1` : "uno:12"] as const,
  ]);
  const wiring = wiringOf([LED, ...resistors], [["led1:A", "a0:1"], ...wires]);
  assert.deepEqual(attachments(wiring)[0]?.terminals, { A: "12" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { billOf } from "../../src/wiring/bill.js";
import { lineOfPart } from "../../src/wiring/line-of-part.js";
import { wiringOf } from "./diagrams.js";

test("billOf() counts equal parts, by value and colour, with resistors last from the smallest", () => {
  const wiring = wiringOf(
    [
      ["r1", "wokwi-resistor", { attrs: { value: "4700" } }],
      ["led1", "wokwi-led", { attrs: { color: "red" } }],
      ["r2", "wokwi-resistor", { attrs: { value: "220" } }],
      ["led2", "wokwi-led", { attrs: { color: "green" } }],
      ["led3", "wokwi-led"],
      ["r3", "wokwi-resistor", { attrs: { value: "220.0" } }],
      ["r4", "wokwi-resistor"],
      ["x", "wokwi-dht22"],
    ],
    [],
  );
  assert.deepEqual(
    billOf(wiring).map(({ quantity, part, value, refs }) => [quantity, part, value, refs.join(" ")]),
    [
      [1, "Arduino Uno R3", "", "uno"],
      [2, "LED", "red", "led1 led3"],
      [1, "LED", "green", "led2"],
      [1, "wokwi-dht22", "", "x"],
      [2, "resistor", "220 Ω", "r2 r3"],
      [1, "resistor", "1 kΩ", "r4"],
      [1, "resistor", "4.7 kΩ", "r1"],
    ],
  );
});

test("lineOfPart() finds the line of a part's id", () => {
  const text = '{\n "parts": [\n  { "id": "led10" },\n  { "type": "x", "id" : "led1" }\n ] }';
  assert.equal(lineOfPart(text, "led1"), 4);
  assert.equal(lineOfPart(text, "led10"), 3);
  assert.equal(lineOfPart(text, "led"), undefined);
  assert.equal(lineOfPart(text, 'a"(.*'), undefined);
});

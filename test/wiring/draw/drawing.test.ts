import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { drawWiring } from "../../../src/wiring/draw/drawing.js";
import { findPin, placeParts } from "../../../src/wiring/draw/geometry.js";
import { routeWire } from "../../../src/wiring/draw/routes.js";
import { readWiring } from "../../../src/wiring/read.js";
import { drawSchematic } from "../../../src/wiring/schematic/schematic.js";
import type { Wiring } from "../../../src/wiring/wiring.js";
import { diagramOf, OWN_FOLDER, type PartRow, readOwn } from "../diagrams.js";

const EXAMPLE = readWiring(readOwn("clock-pin-buzzer.json"), "wiring/clock-pin-buzzer.json");

/** One of each part, one that is not known, hostile texts, and wires that find their own way. */
const PARTS: readonly PartRow[] = [
  [
    "<script>alert(1)</script>",
    "wokwi-led",
    { left: -80, top: -90, attrs: { color: '"/><script>', label: "<script>\u{1}&'\"" } },
  ],
  ["r1", "wokwi-resistor", { left: -20, top: -20, rotate: 45, attrs: { value: "<b>" } }],
  ["btn1", "wokwi-pushbutton", { left: 250, top: -110, rotate: 90 }],
  ["pot1", "wokwi-potentiometer", { left: 330, top: 90 }],
  ["lcd1", "wokwi-lcd1602", { left: -120, top: 260 }],
  ["relay1", "wokwi-relay-module", { left: 520, top: 90 }],
  ["ntc1", "wokwi-ntc-temperature-sensor", { left: 520, top: 200 }],
  ["sv1", "wokwi-servo", { left: 340, top: -60 }],
  ["bz1", "wokwi-buzzer", { left: -110, top: 60 }],
  ["x<y", "wokwi-<dht22>", { left: 20, top: -110 }],
  ["ghost", "wokwi-led", { hide: true }],
];
const WIRES: readonly unknown[] = [
  ["uno:13", "r1:2", "gold", []],
  ["r1:1", "<script>alert(1)</script>:A", "url(https://example.org/x)", []],
  ["bz1:2", "uno:8", "white", ["v20"]],
  ["sv1:PWM", "uno:9", "nocolorofthisname", ["h-20", "*"]],
  ["x<y:<SDA>", "uno:A4", "#abc", ["h-10"]],
  ["ghost:A", "uno:2", "green", []],
  ["btn1:1.l", "uno:3", "", []],
  ["pot1:SIG", "uno:A0", "red", ["v30", "*", "v20"]],
];
const HOSTILE = drawWiring(readWiring(diagramOf(PARTS, WIRES), "a/<b>&.json"));

const OWN = readdirSync(OWN_FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(".json", ""));

for (const name of OWN) {
  const wiring = readWiring(readOwn(`${name}.json`), `wiring/${name}.json`);
  for (const [ending, draw] of [
    [".svg", drawWiring],
    ["-schematic.svg", drawSchematic],
  ] as const) {
    const file = `${name}${ending}`;
    test(`${draw.name}() draws the picture that the repository has as ${file}`, () => {
      assert.equal(draw(wiring), readOwn(file), `wiring/${file} is another: build, then npm run draw`);
    });
  }
}

for (const [what, svg] of [
  ["the example", drawWiring(EXAMPLE)],
  ["a hostile diagram", HOSTILE],
] as const) {
  test(`drawWiring() writes elements that open and close in order, for ${what}`, () => {
    const open: string[] = [];
    const tags = svg.matchAll(/<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>/g);
    let texts = svg;
    for (const [tag, closing, name = "", , alone] of tags) {
      if (closing) assert.equal(open.pop(), name);
      else if (!alone) open.push(name);
      texts = texts.replace(tag, "");
    }
    assert.deepEqual(open, []);
    assert.doesNotMatch(texts, /[<>]/);
    assert.doesNotMatch(texts, /&(?!#\d+;)/);
  });

  test(`drawWiring() refers to nothing outside and runs nothing, for ${what}`, () => {
    assert.doesNotMatch(
      svg.replace('xmlns="http://www.w3.org/2000/svg"', ""),
      /<script|url\(|https?:|href|\son[a-z]+=/i,
    );
  });

  test(`drawWiring() writes no number that is none, for ${what}`, () => {
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  });
}

test("drawWiring() keeps a hostile name as text", () => {
  assert.match(HOSTILE, />&#60;script&#62;alert\(1\)&#60;\/script&#62;</);
  assert.match(HOSTILE, />wokwi-&#60;dht22&#62;</);
});

test("drawWiring() names each part, its pins and the Uno's", () => {
  const texts = [...drawWiring(EXAMPLE).matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
  for (const text of [
    "Clock pin buzzer",
    "led1",
    "red LED",
    "resistor 220 Ω",
    "bz1",
    "13",
    "8",
    "GND",
    "~9",
    "A0",
  ])
    assert.ok(texts.includes(text), `"${text}" is not among ${texts.join(", ")}`);
  assert.ok(texts.includes("A to 13 through r1, C to GND"));
  assert.ok(texts.includes("1 to GND, 2 to 8"));
});

for (const name of OWN) testPlaces(name, readWiring(readOwn(`${name}.json`), name));

function testPlaces(name: string, wiring: Wiring): void {
  test(`drawWiring() leads the wires of ${name} past all parts that they do not join`, () => {
    const parts = placeParts(wiring);
    for (const [index, { from, to, route }] of wiring.wires.entries()) {
      const [start, end] = [findPin(parts, from), findPin(parts, to)];
      assert.ok(start && end);
      const points = routeWire(start, end, route, parts, index);
      const others = parts.filter(({ part }) => part.id !== from.part && part.id !== to.part);
      for (const [corner, b] of points.entries()) {
        const a = points[corner - 1] ?? b;
        for (const { part, box } of others) {
          const past =
            Math.max(a.x, b.x) < box.left ||
            Math.min(a.x, b.x) > box.right ||
            Math.max(a.y, b.y) < box.top ||
            Math.min(a.y, b.y) > box.bottom;
          assert.ok(past, `connections[${index}] runs over ${part.id}`);
        }
      }
    }
  });

  test(`placeParts() keeps the parts of ${name} apart`, () => {
    const boxes = placeParts(wiring).map(({ box }) => box);
    for (const [index, a] of boxes.entries())
      for (const b of boxes.slice(index + 1))
        assert.ok(a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top);
  });
}

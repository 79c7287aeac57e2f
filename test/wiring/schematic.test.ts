import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Box } from "../../src/wiring/draw/geometry.js";
import type { Point } from "../../src/wiring/parts.js";
import { placeTree } from "../../src/wiring/schematic/place.js";
import { drawSchematic } from "../../src/wiring/schematic/schematic.js";
import { Sheet } from "../../src/wiring/schematic/sheet.js";
import { treeOf } from "../../src/wiring/schematic/tree.js";
import type { Wiring } from "../../src/wiring/wiring.js";
import { type PartRow, wiringOf } from "./diagrams.js";

function sheetOf(wiring: Wiring): Sheet {
  const sheet = new Sheet();
  placeTree(treeOf(wiring), sheet);
  return sheet;
}

/** Lines are drawn on edges, and numbers are rounded: what touches by less does not lie on each other. */
const TOUCH_PX = 1;

function isOver(a: Box, b: Box): boolean {
  return (
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > TOUCH_PX &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > TOUCH_PX
  );
}

/** A piece of wire, as wide as it is drawn and a little more, so that it can lie on something. */
function boxOf(a: Point, b: Point): Box {
  return {
    left: Math.min(a.x, b.x) - 0.8,
    right: Math.max(a.x, b.x) + 0.8,
    top: Math.min(a.y, b.y) - 0.8,
    bottom: Math.max(a.y, b.y) + 0.8,
  };
}

interface Segment {
  readonly a: Point;
  readonly b: Point;
}

function segmentsOf(sheet: Sheet): readonly Segment[] {
  return sheet.wires.flatMap((points) => points.slice(1).map((b, index) => ({ a: points[index] ?? b, b })));
}

const isLevel = ({ a, b }: Segment) => a.y === b.y;

/** Whether one passes through the middle of the other: where two end or meet, they are of one net. */
function isCrossing(one: Segment, other: Segment): boolean {
  if (isLevel(one) === isLevel(other)) return false;
  const [level, upright] = isLevel(one) ? [one, other] : [other, one];
  const [left, right] = [Math.min(level.a.x, level.b.x), Math.max(level.a.x, level.b.x)];
  const [top, bottom] = [Math.min(upright.a.y, upright.b.y), Math.max(upright.a.y, upright.b.y)];
  return left < upright.a.x - 1 && upright.a.x + 1 < right && top < level.a.y - 1 && level.a.y + 1 < bottom;
}

function checkSheet(sheet: Sheet): void {
  const { bodies, texts } = sheet;
  const segments = segmentsOf(sheet);
  for (const [at, body] of bodies.entries())
    for (const other of bodies.slice(at + 1))
      assert.ok(!isOver(body, other), `${json(body)} on ${json(other)}`);
  for (const [at, text] of texts.entries())
    for (const other of texts.slice(at + 1))
      assert.ok(!isOver(text, other), `${json(text)} on ${json(other)}`);
  for (const segment of segments) {
    assert.ok(segment.a.x === segment.b.x || isLevel(segment), `${json(segment)} is aslant`);
    const box = boxOf(segment.a, segment.b);
    for (const body of bodies) {
      const inner = {
        left: body.left + 1,
        right: body.right - 1,
        top: body.top + 1,
        bottom: body.bottom - 1,
      };
      assert.ok(!isOver(box, inner), `${json(segment)} runs through ${json(body)}`);
    }
    for (const text of texts)
      assert.ok(!isOver(box, text), `${json(segment)} runs through the text ${json(text)}`);
    for (const other of segments)
      assert.ok(!isCrossing(segment, other), `${json(segment)} crosses ${json(other)}`);
  }
}

const json = JSON.stringify;

const TYPES: readonly (readonly [type: string, pins: readonly string[]])[] = [
  ["wokwi-led", ["A", "C"]],
  ["wokwi-resistor", ["1", "2"]],
  ["wokwi-buzzer", ["1", "2"]],
  ["wokwi-pushbutton", ["1.l", "2.l", "1.r", "2.r"]],
  ["wokwi-potentiometer", ["GND", "SIG", "VCC"]],
  ["wokwi-servo", ["GND", "V+", "PWM"]],
  ["wokwi-lcd1602", ["GND", "VCC", "SDA", "SCL"]],
  ["wokwi-relay-module", ["VCC", "GND", "IN", "NO", "COM", "NC"]],
  ["chip-x", ["IN", "OUT", "SUPPLY"]],
];
const UNO_PINS = ["2", "3", "4", "9", "13", "A0", "A4", "A5", "GND.1", "GND.2", "5V", "3.3V", "VIN", "RESET"];

/** Any wiring at all, sensible or not. */
const anyWiring = fc.array(fc.nat(TYPES.length - 1), { minLength: 1, maxLength: 9 }).chain((kinds) => {
  const parts = kinds.map((kind, at): PartRow => [`part${at}`, TYPES[kind]?.[0] ?? ""]);
  const ends = [
    ...UNO_PINS.map((pin) => `uno:${pin}`),
    ...kinds.flatMap((kind, at) => (TYPES[kind]?.[1] ?? []).map((pin) => `part${at}:${pin}`)),
  ];
  const wire = fc.tuple(fc.constantFrom(...ends), fc.constantFrom(...ends));
  return fc.array(wire, { maxLength: 20 }).map((wires) => wiringOf(parts, wires));
});

test("drawSchematic() lays nothing on anything and crosses no wires, whatever the wiring", () => {
  fc.assert(fc.property(anyWiring, (wiring) => checkSheet(sheetOf(wiring))));
});

test("drawSchematic() shows each part once, and each pin that leads somewhere", () => {
  fc.assert(
    fc.property(anyWiring, (wiring) => {
      const svg = drawSchematic(wiring);
      for (const { id, type } of wiring.parts) {
        if (type === "wokwi-arduino-uno") continue;
        const names = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) => text);
        assert.equal(names.filter((name) => name === id || name.startsWith(`${id}  `)).length, 1, id);
      }
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    }),
  );
});

test("drawSchematic() keeps a hostile name as text", () => {
  const svg = drawSchematic(wiringOf([["<script>", "wokwi-<b>"]], [["uno:2", "<script>:<i>"]]));
  assert.doesNotMatch(svg, /<script|<b>|<i>/);
});

const LED: PartRow = ["led1", "wokwi-led", { attrs: { color: "red" } }];
const R1: PartRow = ["r1", "wokwi-resistor", { attrs: { value: "220" } }];

test("treeOf() begins at pins, and after them at supplies", () => {
  const { roots } = treeOf(
    wiringOf(
      [["pwr", "wokwi-led"], ["r2", "wokwi-resistor"], LED, R1],
      [
        ["uno:5V", "r2:1"],
        ["r2:2", "pwr:A"],
        ["pwr:C", "uno:GND.1"],
        ["uno:13", "r1:1"],
        ["r1:2", "led1:A"],
        ["led1:C", "uno:GND.2"],
      ],
    ),
  );
  const first = roots.map(({ pin, children }) => [pin, children.map(({ part }) => part.id)]);
  assert.deepEqual(first, [
    [13, ["r1"]],
    [undefined, ["r2"]],
  ]);
  assert.deepEqual(
    roots.map(({ children: [node] }) =>
      [...(node?.children.values() ?? [])].flat().map(({ part }) => part.id),
    ),
    [["led1"], ["pwr"]],
  );
});

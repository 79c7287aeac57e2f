import assert from "node:assert/strict";
import { test } from "node:test";
import { findPin, placeParts } from "../../../src/wiring/draw/geometry.js";
import { routeWire, toPath } from "../../../src/wiring/draw/routes.js";
import { readWiring } from "../../../src/wiring/read.js";
import { diagramOf } from "../diagrams.js";

/** A LED whose anode is at 125, -58, right above pin 13 at 125, 9, and another at 300, 42. */
const PARTS = placeParts(
  readWiring(
    diagramOf(
      [
        ["led1", "wokwi-led", { left: 100, top: -100 }],
        ["led2", "wokwi-led", { left: 275 }],
      ],
      [],
    ),
    "x.json",
  ),
);

function routeBetween(from: string, to: string, steps: readonly string[]): readonly (readonly number[])[] {
  const [start, end] = [from, to].map((reference) => {
    const [part = "", pin = ""] = reference.split(":");
    return findPin(PARTS, { part, pin });
  });
  assert.ok(start && end);
  return routeWire(start, end, steps, PARTS, 0).map(({ x, y }) => [x, y]);
}

// Wokwi's own words on the steps: https://docs.wokwi.com/diagram-format#wire-placement-mini-language
const ROUTES: readonly (readonly [string, string, readonly string[], readonly (readonly number[])[]])[] = [
  [
    "led1:A",
    "uno:13",
    [],
    [
      [125, -58],
      [125, 9],
    ],
  ],
  [
    "led1:A",
    "uno:13",
    ["v10", "v5"],
    [
      [125, -58],
      [125, 9],
    ],
  ],
  [
    "led1:A",
    "uno:13",
    ["v30", "h20", "*", "v-20", "h20"],
    [
      [125, -58],
      [125, -28],
      [145, -28],
      [145, 9],
      [125, 9],
    ],
  ],
  [
    "led1:A",
    "led2:A",
    ["v5", "*", "v10"],
    [
      [125, -58],
      // Nine pixels below led1, right of led2 and below it.
      [125, -41],
      [324, -41],
      [324, 59],
      [300, 59],
      [300, 42],
    ],
  ],
  [
    "led1:A",
    "uno:13",
    ["$bb"],
    [
      [125, -58],
      [125, 9],
    ],
  ],
];

for (const [from, to, steps, points] of ROUTES) {
  test(`routeWire() leads ${from} by ${steps.join(" ") || "no steps"} to ${to}`, () => {
    assert.deepEqual(routeBetween(from, to, steps), points);
  });
}

test("toPath() rounds each corner off, and no more than half of a short line", () => {
  assert.equal(
    toPath(
      [
        { x: 0, y: 0 },
        { x: 20, y: 0 },
        { x: 20, y: 4 },
        { x: 40, y: 4 },
      ],
      5,
    ),
    "M0 0L18 0Q20 0 20 2L20 2Q20 4 22 4L40 4",
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type DiagramRow, drawDiagram } from "../../src/testing/diagram.js";
import { listed } from "../../src/testing/listed.js";

const edge = (atMs: number, level: 0 | 1) => ({ pin: 13, level, atMs });

const LED: DiagramRow = { label: "13 led1", firstLevel: 0, edges: [edge(1_100, 1), edge(1_300, 0)] };

test("drawDiagram() shows levels and tones below an axis in milliseconds", () => {
  const rows: DiagramRow[] = [
    LED,
    { label: "2 button1", firstLevel: 1, edges: [edge(1_010, 0), edge(1_012, 1)] },
    {
      label: "8 piezo1",
      tones: [
        { frequencyHz: 523.25, fromMs: 1_100, toMs: 1_250 },
        { frequencyHz: 4_000, fromMs: 1_300, toMs: 1_340 },
        { frequencyHz: 440, fromMs: 1_400, toMs: 1_401 },
      ],
    },
  ];
  assert.equal(
    drawDiagram({ fromMs: 1_000, toMs: 1_500, rows }),
    [
      "       ms |1000         |1100         |1200         |1300         |1400",
      "  13 led1 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████████████▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
      "2 button1 █▒████████████████████████████████████████████████████████████████████",
      " 8 piezo1 ··············♪523 Hz♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪······♪4000♪········♪·············",
      "          █ high  ▁ low  ▒ several changes  ♪ sound  · silence",
    ].join("\n"),
  );
});

test("drawDiagram() counts in seconds where it is long, and cuts labels that are", () => {
  const rows: DiagramRow[] = [{ label: "13 a-label-of-many-letters", firstLevel: 1, edges: [] }];
  assert.equal(
    drawDiagram({ fromMs: 0, toMs: 3_600_000, rows }),
    [
      "               s |0               |1000             |2000            |3000",
      `13 a-label-of-ma ${"█".repeat(63)}`,
      "                 █ high",
    ].join("\n"),
  );
});

for (const [fromMs, toMs] of [
  [0, 0],
  [0, 1],
  [5_000_000.123, 5_000_100],
  [12.5, 86_400_000],
] as const) {
  test(`drawDiagram() keeps to 80 columns from ${fromMs} to ${toMs} ms`, () => {
    const drawn = drawDiagram({ fromMs, toMs, rows: [LED] });
    for (const line of drawn.split("\n")) assert.ok(line.length <= 80, line);
  });
}

test("listed() breaks lines at 80 columns, and counts what it leaves out", () => {
  const items = Array.from({ length: 11 }, (_, index) => `high at ${1_000 + index}.5`);
  assert.equal(
    listed("pin 13", items),
    [
      "pin 13: high at 1000.5, high at 1001.5, high at 1002.5, high at 1003.5,",
      "  high at 1004.5, high at 1005.5, high at 1006.5, high at 1007.5, and 3 more",
    ].join("\n"),
  );
  assert.equal(listed("pin 13", []), "pin 13: nothing");
});

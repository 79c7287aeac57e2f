import assert from "node:assert/strict";
import { test } from "node:test";
import { EdgeFrame, FRAME_PINS, FRAME_SPAN_MS, readEdgeFrame } from "../../src/dashboard/edge-frame.js";

type Edge = readonly [board: number, atMs: number, pin: number, level: 0 | 1];

function read(bytes: Uint8Array): readonly Edge[] {
  const edges: Edge[] = [];
  // The cast: a frame has a buffer of its own.
  readEdgeFrame(bytes.buffer as ArrayBuffer, (...edge) => edges.push(edge));
  return edges;
}

test("a frame is a board, a time and a word for each edge", () => {
  const frame = new EdgeFrame(2);
  frame.add({ atMs: 1.5, pin: 13, level: 1 });
  frame.add({ atMs: 1.5625, pin: 3, level: 0 });
  const bytes = frame.take();
  assert.equal(
    Buffer.from(bytes).toString("hex"),
    // 1.5 as a double; level 1 and pin 13; pin 3 a thousand ticks of 62.5 ns later.
    ["02000000", "000000000000f83f", "0000009a", "e8030006"].join(""),
  );
  assert.deepEqual(read(bytes), [
    [2, 1.5, 13, 1],
    [2, 1.5625, 3, 0],
  ]);
});

test("a frame that was taken is empty, and begins anew", () => {
  const frame = new EdgeFrame(0);
  frame.add({ atMs: 5, pin: 1, level: 1 });
  frame.take();
  assert.ok(frame.isEmpty);
  frame.add({ atMs: 3, pin: 1, level: 0 });
  assert.deepEqual(read(frame.take()), [[0, 3, 1, 0]]);
});

test("EdgeFrame holds more edges than it began with room for", () => {
  const frame = new EdgeFrame(0);
  const all = Array.from({ length: 5_000 }, (_, n) => [0, n / 16, n % 20, n % 2] as const);
  for (const [, atMs, pin, level] of all) frame.add({ atMs, pin, level: level === 1 ? 1 : 0 });
  assert.deepEqual(read(frame.take()), all);
});

for (const [what, edge, takes] of [
  ["a second of the same moment", { atMs: 10, pin: 0 }, true],
  ["the last that its span has room for", { atMs: 10 + FRAME_SPAN_MS, pin: 0 }, true],
  ["a later one", { atMs: 10.001 + FRAME_SPAN_MS, pin: 0 }, false],
  ["one before its first", { atMs: 9.999, pin: 0 }, false],
  ["its highest pin", { atMs: 11, pin: FRAME_PINS - 1 }, true],
  ["a pin beyond", { atMs: 11, pin: FRAME_PINS }, false],
] as const) {
  test(`a frame ${takes ? "takes" : "does not take"} ${what}`, () => {
    const frame = new EdgeFrame(0);
    frame.add({ atMs: 10, pin: 0, level: 1 });
    assert.equal(frame.takes({ ...edge, level: 0 }), takes);
  });
}

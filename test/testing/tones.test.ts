import assert from "node:assert/strict";
import { test } from "node:test";
import { Tape } from "../../src/testing/tape.js";
import { centsBetween, tonesOf } from "../../src/testing/tones.js";

/** Edges of a square wave; each fourth period is an eighth longer and the rest are shorter where it is uneven. */
function wave(startMs: number, hz: number, ms: number, isUneven = false) {
  const edges = [];
  const periodMs = 1_000 / hz;
  let atMs = startMs;
  for (let index = 0; atMs < startMs + ms - periodMs / 2; index++) {
    const factor = !isUneven ? 1 : index % 4 === 3 ? 1.075 : 0.975;
    edges.push({ pin: 8, level: 1 as const, atMs }, { pin: 8, level: 0 as const, atMs: atMs + periodMs / 2 });
    atMs += factor * periodMs;
  }
  return edges;
}

const found = (edges: ReturnType<typeof wave>) =>
  tonesOf(edges).map(({ frequencyHz, fromMs, toMs }) => [
    Math.round(frequencyHz),
    Math.round(fromMs),
    Math.round(toMs),
  ]);

for (const isUneven of [false, true]) {
  const how = isUneven ? "of a wire's clock" : "of a timer";
  test(`tonesOf() tells notes ${how} apart by their pitch and by rests`, () => {
    const edges = [
      ...wave(0, 523.25, 100, isUneven),
      ...wave(102, 659.25, 100, isUneven),
      ...wave(300, 659.25, 50, isUneven),
    ];
    const tones = found(edges);
    assert.equal(tones.length, 3);
    for (const [index, [hz, fromMs]] of [
      [523, 0],
      [659, 102],
      [659, 300],
    ].entries()) {
      const tone = tones[index] ?? [];
      assert.ok(Math.abs((tone[0] ?? 0) - (hz ?? 0)) <= 4, `${tone}`);
      assert.ok(Math.abs((tone[1] ?? 0) - (fromMs ?? 0)) <= 4, `${tone}`);
    }
  });
}

test("tonesOf() hears a semitone, and no tone in a click or in silence", () => {
  assert.deepEqual(
    found([...wave(0, 440, 100), ...wave(100, 466.16, 100)]).map(([hz]) => hz),
    [440, 466],
  );
  assert.deepEqual(tonesOf(wave(0, 440, 5)), []);
  assert.deepEqual(tonesOf([]), []);
});

test("centsBetween() is a hundred for a semitone", () => {
  assert.equal(Math.round(centsBetween(466.16, 440)), 100);
  assert.equal(Math.round(centsBetween(220, 440)), -1_200);
});

test("Tape keeps changes only, and tells the level at any moment", () => {
  const tape = new Tape();
  for (const [atMs, level] of [
    [0, 0],
    [10, 1],
    [12, 1],
    [20, 0],
  ] as const)
    tape.add({ pin: 3, level, atMs });
  assert.deepEqual(
    tape.edges.map(({ atMs }) => atMs),
    [10, 20],
  );
  assert.deepEqual(
    [-1, 9.9, 10, 19.9, 20, 99].map((atMs) => tape.levelAt(3, atMs)),
    [0, 0, 1, 1, 0, 0],
  );
  assert.equal(tape.levelAt(4), 0);
  assert.equal(tape.edgesSince(3, 10.1).length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Edge } from "../../src/emulator/pins.js";
import { type Pitch, pitchOf, ToneMeter } from "../../src/emulator/pitch.js";

/** Edges of a square wave, from a rising one on. */
function square(halfPeriodUs: number, count: number, fromUs = 0): Edge[] {
  return Array.from({ length: count }, (_, index) => ({
    pin: 8,
    level: index % 2 === 0 ? 1 : 0,
    atUs: fromUs + index * halfPeriodUs,
  }));
}

test("pitchOf() is the mean frequency between rising edges, with the first and last edge", () => {
  assert.deepEqual(pitchOf(square(1_000, 10, 500)), {
    hz: 500,
    edges: 10,
    firstUs: 500,
    lastUs: 9_500,
    jitterUs: 0,
  });
});

test("pitchOf() tells jitter as the standard deviation of the periods", () => {
  const edges = square(1_000, 9).map((edge, index) =>
    index === 4 ? { ...edge, atUs: edge.atUs + 100 } : edge,
  );
  const pitch = pitchOf(edges);
  assert.equal(pitch?.hz, 500);
  assert.equal(pitch?.jitterUs.toFixed(2), Math.sqrt(20_000 / 4).toFixed(2));
});

test("pitchOf() tells no pitch of nothing, or of a click", () => {
  assert.equal(pitchOf([]), undefined);
  assert.equal(pitchOf(square(1_000, 3)), undefined);
});

test("ToneMeter tells each tone once silence has followed it, and what sounds meanwhile", () => {
  const meter = new ToneMeter();
  const tones: Pitch[] = [];
  meter.onTone = (tone) => tones.push(tone);
  for (const edge of square(500, 100)) meter.add(edge);
  assert.equal(meter.sounding(50_000)?.hz, 1_000);
  assert.equal(meter.sounding(49_500 + 48_001), undefined);
  assert.deepEqual(
    tones.map(({ hz }) => hz),
    [1_000],
  );
  for (const edge of square(250, 100, 200_000)) meter.add(edge);
  for (const edge of square(500, 2, 400_000)) meter.add(edge);
  meter.passTo(Infinity);
  assert.deepEqual(
    tones.map(({ hz, firstUs }) => [hz, firstUs]),
    [
      [1_000, 0],
      [2_000, 200_000],
    ],
    "a click is no tone",
  );
});

test("ToneMeter takes the lowest tone, 31 Hz, as one", () => {
  const meter = new ToneMeter();
  for (const edge of square(1e6 / 31 / 2, 31)) meter.add(edge);
  assert.equal(meter.sounding(500_000)?.hz.toFixed(6), "31.000000");
});

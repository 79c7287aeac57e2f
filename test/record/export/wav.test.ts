import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeToBoard } from "../../../src/firmata/to-board.js";
import type { Entry } from "../../../src/record/entry.js";
import type { Wired } from "../../../src/record/export/export.js";
import { SAMPLE_RATE_HZ, Wav } from "../../../src/record/export/wav.js";
import { centsBetween } from "../../../src/testing/tones.js";
import { exported, squareWave } from "./exported.js";

const PIEZO: Wired = { parts: new Map(), piezos: new Set([8]) };

/** The samples of a WAV file, whose header is as it must be. */
function samplesOf(file: Buffer): Int16Array {
  assert.equal(file.toString("latin1", 0, 4), "RIFF");
  assert.equal(file.readUInt32LE(4), file.length - 8);
  assert.equal(file.toString("latin1", 8, 16), "WAVEfmt ");
  const format = [file.readUInt32LE(16), file.readUInt16LE(20), file.readUInt16LE(22)];
  assert.deepEqual(format, [16, 1, 1]);
  assert.deepEqual([file.readUInt32LE(24), file.readUInt32LE(28)], [44_100, 88_200]);
  assert.deepEqual([file.readUInt16LE(32), file.readUInt16LE(34)], [2, 16]);
  assert.equal(file.toString("latin1", 36, 40), "data");
  assert.equal(file.readUInt32LE(40), file.length - 44);
  return Int16Array.from({ length: (file.length - 44) / 2 }, (_, at) => file.readInt16LE(44 + 2 * at));
}

async function sound(entries: readonly Entry[], endMs: number, wired = PIEZO): Promise<Int16Array> {
  const { bytes } = await exported(entries, (made) => new Wav(made), { endMs, wired });
  return samplesOf(bytes);
}

/** Mean frequency between the first and the last upward zero crossing, each between two samples. */
function pitchOf(samples: Int16Array): number {
  const crossings: number[] = [];
  for (let at = 1; at < samples.length; at++) {
    const [before = 0, after = 0] = [samples[at - 1], samples[at]];
    if (before < 0 && after >= 0) crossings.push(at - 1 + before / (before - after));
  }
  const [first = 0, last = 0] = [crossings[0], crossings.at(-1)];
  return ((crossings.length - 1) * SAMPLE_RATE_HZ) / (last - first);
}

/** How loud a frequency is, by one bin of a Fourier transform under a Hann window. */
function loudness(samples: Int16Array, frequencyHz: number): number {
  let [real, imaginary] = [0, 0];
  for (const [at, sample] of samples.entries()) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / samples.length);
    const turn = (2 * Math.PI * frequencyHz * at) / SAMPLE_RATE_HZ;
    real += sample * window * Math.cos(turn);
    imaginary += sample * window * Math.sin(turn);
  }
  return (4 * Math.hypot(real, imaginary)) / samples.length;
}

const between = (samples: Int16Array, fromMs: number, toMs: number) =>
  samples.subarray(fromMs * 44.1, toMs * 44.1);

for (const frequencyHz of [31, 261.63, 440, 523.25, 1_760, 4_186.01, 5_000]) {
  test(`a Wav sounds ${frequencyHz} Hz to half a cent`, async () => {
    const samples = await sound(squareWave("desk", 8, { frequencyHz, fromMs: 50, forMs: 1_000 }), 1_200);
    const heardHz = pitchOf(between(samples, 200, 1_000));
    assert.ok(Math.abs(centsBetween(heardHz, frequencyHz)) < 0.5, `${heardHz} Hz`);
  });
}

test("a Wav has nothing of a tone that is not of it: no alias, no click, silence around", async () => {
  const frequencyHz = 4_186.01;
  const samples = await sound(squareWave("desk", 8, { frequencyHz, fromMs: 300, forMs: 500 }), 1_200);
  assert.ok(Math.abs(samples.length / 44.1 - 1_200) < 1);
  assert.ok(between(samples, 0, 299).every((sample) => sample === 0));
  assert.ok(between(samples, 950, 1_200).every((sample) => sample === 0));
  const inside = between(samples, 400, 780);
  const fundamental = loudness(inside, frequencyHz);
  // A square wave of 16 384 has a sine of 2/π of that in it.
  assert.ok(Math.abs(fundamental / ((2 / Math.PI) * 16_384) - 1) < 0.02, `${fundamental}`);
  // The harmonics above half the sample rate would come back below it: the 7th at 14 798 Hz, the 9th at 6 426.
  for (const order of [7, 9, 11]) {
    const folded = Math.abs(((order * frequencyHz + 22_050) % 44_100) - 22_050);
    assert.ok(loudness(inside, folded) < fundamental / 1_000, `harmonic ${order} at ${folded} Hz`);
  }
  const peak = Math.max(...samples.map(Math.abs));
  assert.ok(peak > 10_000 && peak < 22_000, `${peak}`);
});

test("a Wav sounds what a real board was told to, and mixes several piezos", async () => {
  const tone = encodeToBoard({ type: "tone", pin: 8, centihertz: 44_000, durationMs: 900 });
  const entries: Entry[] = [
    { kind: "to-board", board: "real", bytes: tone, atMs: 50 },
    ...squareWave("desk", 8, { frequencyHz: 659.25, fromMs: 50, forMs: 900 }),
  ];
  const nothing: Wired = { parts: new Map(), piezos: new Set() };
  const alone = await sound(entries.slice(0, 1), 1_000, nothing);
  assert.ok(Math.abs(centsBetween(pitchOf(between(alone, 200, 900)), 440)) < 0.5);
  const both = between(await sound(entries, 1_000), 200, 900);
  for (const frequencyHz of [440, 659.25]) {
    const share = loudness(both, frequencyHz) / ((2 / Math.PI) * 8_192);
    assert.ok(Math.abs(share - 1) < 0.03, `${frequencyHz} Hz: ${share}`);
  }
});

test("a Wav without a piezo has no samples, and says so; one that is too long is refused", async () => {
  const { bytes, made } = await exported([], (options) => new Wav(options), { endMs: 1_000 });
  assert.equal(samplesOf(bytes).length, 0);
  assert.match(made.emptiness() ?? "", /no piezo/);
  const long = squareWave("desk", 8, { frequencyHz: 440, fromMs: 14 * 3_600_000, forMs: 10 });
  await assert.rejects(
    exported(long, (options) => new Wav(options), { wired: PIEZO }),
    { code: "USAGE", message: "Cannot make a WAV file of 14.0 h: it holds 13.5 h at most" },
  );
});

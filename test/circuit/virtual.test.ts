import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CircuitEvent } from "../../src/circuit/progress.js";
import { runCircuit } from "../../src/circuit/run.js";
import type { CircuitDefinition } from "../../src/config/define.js";
import type { Pitch } from "../../src/emulator/pitch.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { exampleUno, FIRMWARES } from "./firmwares.js";

const EXAMPLE: CircuitDefinition = {
  seed: 7,
  nodes: {
    clock: { sketch: "clock", options: { ticks: 4, delaySeconds: 0.2 } },
    iopin: { sketch: "iopin", options: { bitMs: 150 } },
    buzzer: { sketch: "buzzer" },
  },
};

/** What a run of the example gives on an emulated Uno in virtual time. */
async function runExample(firmware: string, circuit = EXAMPLE) {
  using time = new VirtualTime();
  time.install();
  const uno = exampleUno(time, firmware);
  const events: CircuitEvent[] = [];
  const levels: number[] = [];
  const edges: string[] = [];
  const tones: Pitch[] = [];
  uno.onTone("bz1", (tone) => tones.push(tone));
  let ready = false;
  uno.onEdge(({ pin, level, atUs }) => {
    if (!ready) return;
    edges.push(`${pin} ${level} ${atUs}`);
    if (pin === 13) levels.push(level);
  });
  const onEvent = (event: CircuitEvent) => {
    events.push(event);
    if (event.type === "board") ready = true;
  };
  const summary = await time.until(runCircuit(circuit, { links: { board: uno }, onEvent }));
  const lines = events.flatMap((event) => (event.type === "out" ? [`${event.node}: ${event.text}`] : []));
  return { summary, levels, edges, tones, lines };
}

/** The bits that an iopin has printed. */
function printedBits(lines: readonly string[]): number[] {
  return lines.flatMap((line) => {
    const [, bits] = /^iopin: toggling pin 13: \[(.*)\]$/.exec(line) ?? [];
    return bits === undefined ? [] : bits.split(", ").map(Number);
  });
}

/** Levels that a pin takes when these are written to it, from low, and low at the end. */
function changes(bits: readonly number[]): number[] {
  return [...bits, 0].filter((bit, index) => bit !== (bits[index - 1] ?? 0));
}

for (const { name, skip, hex } of FIRMWARES) {
  describe(`the example circuit on ${name}`, { skip }, () => {
    test("puts exactly the printed bits on pin 13, and sounds 440 Hz for each 1", async () => {
      const { summary, levels, lines, tones } = await runExample(await hex());
      const bits = printedBits(lines);
      assert.equal(bits.length, 12);
      assert.deepEqual(levels, changes(bits));
      assert.equal(summary.acks, 4);
      assert.equal(summary.confirmedWrites, 12);
      const ones = bits.filter((bit) => bit === 1).length;
      assert.equal(lines.filter((line) => line === "buzzer: buzz buzz buzz").length, ones);
      assert.equal(tones.length, ones);
      for (const { hz } of tones) assert.ok(Math.abs(hz / 440 - 1) < 0.05, `${hz} Hz`);
    });

    test("gives the same edges, to the microsecond, for the same seed", async () => {
      const firmware = await hex();
      assert.deepEqual((await runExample(firmware)).edges, (await runExample(firmware)).edges);
    });
  });
}

test("the tone of CircuitFirmata is within a cent", async () => {
  const { tones } = await runExample((await FIRMWARES[0]?.hex()) ?? "");
  for (const { hz } of tones) {
    assert.ok(Math.abs(1_200 * Math.log2(hz / 440)) < 1, `${hz} Hz`);
  }
});

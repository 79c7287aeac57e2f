import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "../../src/core/random.js";
import { cases } from "../long.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { startSimavr } from "../native/simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const LAMP = 12;
const VALVE = 11;
const BEAT = 7;
const SILENCE_MS = 300;

/** Switches the lamp on, and changes another pin at each tick. */
const CONFIG = `
import { five, Sketch } from "circuit-five";

class Lamp extends Sketch {
  setup({ board }) {
    new five.Pin({ pin: ${LAMP}, board }).high();
    this.beat = new five.Pin({ pin: ${BEAT}, board });
    this.ticks = 0;
  }
  loop() {
    this.beat.write(++this.ticks % 2);
    return "beat " + this.ticks;
  }
}

export default {
  boards: { desk: process.env.BOARD },
  nodes: {
    clock: { sketch: "clock", options: { ticks: Number(process.env.TICKS), delaySeconds: 0.02, target: "lamp" } },
    lamp: { sketch: Lamp },
  },
  silenceMs: ${SILENCE_MS},
  pins: { ${LAMP}: { safe: 0, stop: 1 }, ${VALVE}: { safe: 1 } },
};
`;

/** What the chip's clock, its ticks of 1 ms, and a ping after the last beat leave open, in milliseconds. */
const OPEN_MS = 130;

test("circuit run is killed, and the board makes its pins safe in time; stopped, it leaves them as they are to be", {
  skip: skipWithout(...SIMAVR_TOOLS),
  timeout: cases(30_000, 120_000),
}, async (context) => {
  const chip = await startSimavr({ firmware: CIRCUIT_UNO_HEX });
  context.after(() => chip.stop());
  const folder = temporaryFolder();
  writeFileSync(join(folder, "circuit.config.js"), CONFIG);
  const env = (ticks: string) => ({ folder, env: { BOARD: chip.path, TICKS: ticks } });
  const last = (pin: number) => chip.edges.findLast((edge) => edge.pin === pin);

  const random = seededRandom(1);
  for (let kill = 0; kill < cases(1, 10); kill++) {
    const beats = 1 + Math.floor(random() * 40);
    const killed = startCircuit(context, ["run"], env("0"));
    await killed.said(new RegExp(`beat ${beats}\\b`));
    assert.deepEqual([last(LAMP)?.level, last(VALVE)?.level ?? 0], [1, 0]);
    killed.kill("SIGKILL");
    await killed.ended();
    await chip.until("safe pins", () => (last(LAMP)?.level === 0 && last(VALVE)?.level === 1) || undefined);
    const afterMs = ((last(LAMP)?.us ?? 0) - (last(BEAT)?.us ?? 0)) / 1_000;
    assert.ok(afterMs > SILENCE_MS - 3 && afterMs < SILENCE_MS + OPEN_MS, `safe after ${afterMs} ms`);
  }

  const stopped = await circuit(context, ["run"], env("3"));
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.equal(last(LAMP)?.level, 1);
});

test("circuit run says of another firmware that it makes nothing safe", {
  skip: skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS),
  timeout: 30_000,
}, async (context) => {
  const chip = await startSimavr({ firmware: await standardFirmataHex() });
  context.after(() => chip.stop());
  const folder = temporaryFolder();
  writeFileSync(join(folder, "circuit.config.js"), CONFIG);
  const { code, stderr } = await circuit(context, ["run"], { folder, env: { BOARD: chip.path, TICKS: "1" } });
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/cannot make pins 11, 12 safe when this process dies/g)?.length, 1, stderr);
});

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { startSimavr } from "../native/simavr.js";
import { SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const LAMP = 12;
const OTHER = 7;

/** Switches both pins on at its first tick and leaves them; with `idle`, touches neither. */
const CONFIG = `
import { five, Sketch } from "circuit-five";

class Lamps extends Sketch {
  setup({ board }) {
    this.pins = [${LAMP}, ${OTHER}].map((pin) => new five.Pin({ pin, board }));
    this.out("lamp is " + board.pins[${LAMP}].value);
  }
  loop(channel, message) {
    if (process.env.IDLE !== "1") for (const pin of this.pins) pin.high();
    return "lit";
  }
}

export default {
  boards: { desk: process.env.BOARD },
  nodes: {
    clock: { sketch: "clock", options: { ticks: Number(process.env.TICKS), delaySeconds: 0.01, target: "lamps" } },
    lamps: { sketch: Lamps },
  },
  pins: { ${LAMP}: { hold: true } },
};
`;

test("circuit run leaves a held output as it is when it is killed, and the next run takes it over", {
  skip: skipWithout(...SIMAVR_TOOLS),
  timeout: 30_000,
}, async (context) => {
  const chip = await startSimavr({ firmware: CIRCUIT_UNO_HEX });
  context.after(() => chip.stop());
  const folder = temporaryFolder();
  writeFileSync(join(folder, "circuit.config.js"), CONFIG);
  const env = (more: Record<string, string>) => ({ folder, env: { BOARD: chip.path, ...more } });
  const levels = (pin: number) => chip.edges.filter((edge) => edge.pin === pin).map(({ level }) => level);

  const killed = startCircuit(context, ["run"], env({ TICKS: "0" }));
  await killed.said(/lamp is 0/);
  await killed.said(/< lit/);
  killed.kill("SIGKILL");
  await killed.ended();
  assert.deepEqual([levels(LAMP), levels(OTHER)], [[1], [1]]);

  const next = await circuit(context, ["run"], env({ TICKS: "1", IDLE: "1" }));
  assert.equal(next.code, 0, next.stderr);
  assert.match(next.stdout, /lamp is 1/);
  await chip.until("low pin", () => levels(OTHER).at(-1) === 0 || undefined);
  assert.deepEqual([levels(LAMP), levels(OTHER)], [[1], [1, 0]]);
});

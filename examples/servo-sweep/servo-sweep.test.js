import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { emulate } from "circuit-five/testing";
import { ServoSweep } from "./servo-sweep.js";

const WIRING = fileURLToPath(import.meta.resolve("../../wiring/servo-sweep.json"));

let rig;
beforeEach(async () => {
  rig = await emulate(WIRING, { sketch: ServoSweep, firmware: process.env.FIRMWARE });
});
afterEach(() => rig.close());

test("the servo sweeps to and fro, and no farther", async () => {
  rig.turn("pot1", 0.5);
  const servo = rig.expectServo("servo1");
  await servo.toStayBetween(30, 150, { forMs: 6_000 });
  await servo.toSweep(30, 150, { overMs: 2_667 });
  await servo.toSweep(150, 30, { overMs: 2_667 });
  await rig.expectEvent("sweep.turned", { data: { at: 150 } });
});

test("the knob says how fast", async () => {
  rig.turn("pot1", 1);
  await rig.expectServo("servo1").toSweep(150, 30, { overMs: 1_333 });
  rig.turn("pot1", 0.25);
  await rig.expectServo("servo1").toSweep(150, 30, { overMs: 5_333, limitMs: 20_000 });
});

test("turned all the way down, it stands still", async () => {
  rig.turn("pot1", 1);
  await rig.expectServo("servo1").toReach(150);
  rig.turn("pot1", 0);
  await rig.expectServo("servo1").toStayBetween(135, 150, { forMs: 3_000 });
});

import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { emulate } from "circuit-five/testing";
import { Doorbell } from "./doorbell.js";

const WIRING = fileURLToPath(import.meta.resolve("../../wiring/doorbell.json"));

let rig;
beforeEach(async () => {
  rig = await emulate(WIRING, { sketch: Doorbell, firmware: process.env.FIRMWARE });
});
afterEach(() => rig.close());

test("the bell rings and blinks when its button is pressed", async () => {
  await rig.press("button1");
  await rig.expectTone("piezo1", { frequencyHz: 523.25, withinCents: 5, forMs: 100 });
  await rig.expectTone("piezo1", { frequencyHz: 659.25, withinCents: 5, forMs: 100 });
  await rig.expectPin(13).toBlink({ everyMs: 500, times: 3 });
  await rig.expectPin(13).toStay(0, { forMs: 10_000 });
});

test("the bell tells the house, and rings after its cable was out", async () => {
  rig.unplug();
  await rig.advance(2_000);
  rig.replug();
  await rig.advance(5_000);
  await rig.press("button1");
  await rig.expectEvent("bell.rung", { data: { by: "button1" } });
  await rig.expectTone("piezo1", { frequencyHz: 523.25, forMs: 100 });
});

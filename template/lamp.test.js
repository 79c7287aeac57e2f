import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { emulate } from "circuit-five/testing";
import { Lamp } from "./lamp.js";

let rig;
afterEach(() => rig.close());

test("its button turns the lamp on, and off again", async () => {
  rig = await emulate("wiring.json", { sketch: Lamp });
  await rig.press("button1");
  await rig.expectLed("led1").toBeLit();
  await rig.expectPin(13).toStay(1, { forMs: 1_000 });
  await rig.press("button1");
  await rig.expectLed("led1").toBeDark();
});

test("a message turns the lamp on, and it says so", async () => {
  rig = await emulate("wiring.json", { sketch: Lamp });
  assert.equal(await rig.send("sketch", "toggle"), "on");
  await rig.expectPin(13).toBe(1);
});

test("the lamp blinks by the clock", async () => {
  rig = await emulate("circuit.config.js");
  await rig.expectPin(13).toBlink({ everyMs: 500, times: 3 });
});

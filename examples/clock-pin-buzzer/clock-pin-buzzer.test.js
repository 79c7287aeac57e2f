import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { emulate } from "circuit-five/testing";

const CIRCUIT = fileURLToPath(import.meta.resolve("./circuit.config.js"));

let rig;
beforeEach(async () => {
  // With this seed the bits of the first tick are 1, 0, 1, and those of the second 1, 1, 0.
  rig = await emulate(CIRCUIT, { seed: 1, firmware: process.env.FIRMWARE });
});
afterEach(() => rig.close());

test("the LED shows each bit for 150 ms, and there is a second between two ticks", async () => {
  const led = rig.expectLed("led1");
  await led.toBeLit({ limitMs: 50 });
  await led.toStayLit({ forMs: 100 });
  await led.toBeDark({ limitMs: 100 });
  await led.toStayDark({ forMs: 100 });
  await led.toBeLit({ limitMs: 100 });
  await led.toStayLit({ forMs: 1_400 });
  await led.toBeDark({ limitMs: 100 });
});

test("the piezo sounds an A for each 1, and nothing for a 0", async () => {
  await rig.expectTone("bz1", { frequencyHz: 440, withinCents: 5, forMs: 100 });
  await rig.expectTone("bz1", { frequencyHz: 440, withinCents: 5, forMs: 100 });
  await rig.expectMessage("buzzer", { message: "0", ack: "..." });
});

test("each tick is acknowledged", async () => {
  await rig.expectMessage("buzzer", { message: "1", ack: "buzz buzz buzz" });
  await rig.expectMessage("iopin", { message: "2", ack: "acknowledged" });
  const { ticks, acks } = await rig.done();
  assert.deepEqual([ticks, acks], [3, 3]);
});

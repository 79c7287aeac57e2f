import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { emulate } from "circuit-five/testing";
import { Thermostat } from "./thermostat.js";

const WIRING = fileURLToPath(import.meta.resolve("../../wiring/thermostat.json"));

let rig;
beforeEach(async () => {
  rig = await emulate(WIRING, { sketch: Thermostat, firmware: process.env.FIRMWARE });
});
afterEach(() => rig.close());

test("it heats below 20.5 °C, stops above 21.5 °C, and leaves all as it is between", async () => {
  const relay = rig.expectRelay("relay1");
  rig.warm("sensor1", 20);
  await relay.toBeOn({ limitMs: 500 });
  rig.warm("sensor1", 21.2);
  await relay.toStayOn({ forMs: 2_000 });
  rig.warm("sensor1", 22);
  await relay.toBeOff({ limitMs: 500 });
  await rig.expectEvent("thermostat.heating", { data: { heats: false, celsius: 22 } });
  rig.warm("sensor1", 20.8);
  await relay.toStayOff({ forMs: 2_000 });
  rig.warm("sensor1", 20);
  await relay.toBeOn({ limitMs: 500 });
});

for (const [fault, value] of [
  ["open", 1_023],
  ["short", 0],
]) {
  test(`it does not heat while its sensor is broken: ${fault}`, async () => {
    const relay = rig.expectRelay("relay1");
    rig.warm("sensor1", 15);
    await relay.toBeOn({ limitMs: 500 });
    rig.damage("sensor1", fault);
    await relay.toBeOff({ limitMs: 500 });
    await rig.expectEvent("thermostat.fault", { data: { value } });
    await relay.toStayOff({ forMs: 5_000 });
    rig.repair("sensor1");
    await relay.toBeOn({ limitMs: 500 });
  });
}

import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { emulate } from "circuit-five/testing";
import { TrafficLight } from "./traffic-light.js";

const WIRING = fileURLToPath(import.meta.resolve("../../wiring/traffic-light.json"));

let rig;
beforeEach(async () => {
  rig = await emulate(WIRING, { sketch: TrafficLight, firmware: process.env.FIRMWARE });
});
afterEach(() => rig.close());

test("cars have green until somebody wants to cross", async () => {
  await rig.expectLed("green1").toBeLit();
  await rig.expectLed("green1").toStayLit({ forMs: 10_000 });
  await rig.expectLed("walk1").toBeDark();
});

test("who presses the button walks while cars have red, and cars start by red and yellow", async () => {
  await rig.advance(5_000);
  await rig.press("button1");
  const [red, yellow, green, dontWalk, walk] = ["red1", "yellow1", "green1", "dontwalk1", "walk1"].map(
    rig.expectLed,
  );
  await yellow.toBeLit({ limitMs: 100 });
  await green.toBeDark({ limitMs: 100 });
  await yellow.toStayLit({ forMs: 800 });

  await red.toBeLit({ limitMs: 200 });
  await yellow.toBeDark({ limitMs: 100 });
  await walk.toStayDark({ forMs: 900 });

  await walk.toBeLit({ limitMs: 200 });
  await dontWalk.toBeDark({ limitMs: 100 });
  await rig.expectEvent("light.phase", { data: { phase: "walking" } });
  await red.toStayLit({ forMs: 3_900 });

  await walk.toBeDark({ limitMs: 200 });
  await dontWalk.toBeLit({ limitMs: 100 });
  await red.toStayLit({ forMs: 1_900 });

  await yellow.toBeLit({ limitMs: 200 });
  await red.toStayLit({ forMs: 900 });

  await green.toBeLit({ limitMs: 200 });
  await red.toBeDark({ limitMs: 100 });
  await yellow.toBeDark({ limitMs: 100 });
});

test("cars that have just got green keep it for five seconds", async () => {
  await rig.press("button1");
  await rig.expectLed("green1").toStayLit({ forMs: 4_500 });
  await rig.expectLed("yellow1").toBeLit({ limitMs: 500 });
});

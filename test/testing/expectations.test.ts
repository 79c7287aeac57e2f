import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { five } from "../../src/board/session/piezo.js";
import { CircuitError } from "../../src/core/error.js";
import { Sketch, type SketchContext } from "../../src/sketch/sketch.js";
import { emulate } from "../../src/testing/emulate.js";
import { diagramOf } from "../wiring/diagrams.js";
import { Bell, DOORBELL_WIRING } from "./sketches.js";

/** What an expectation that is not met says. */
async function failure(expectation: Promise<unknown>): Promise<string> {
  try {
    await expectation;
  } catch (error) {
    assert.ok(error instanceof CircuitError);
    assert.equal(error.code, "EXPECTATION_FAILED");
    return error.message;
  }
  throw new Error("the expectation was met");
}

const firstLine = async (expectation: Promise<unknown>) => (await failure(expectation)).split("\n")[0];

test("toBlink() that is not met shows what happened instead", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  await rig.press("button1");
  assert.equal(
    await failure(rig.expectPin(13).toBlink({ everyMs: 250, times: 3, limitMs: 3_900 })),
    [
      "Cannot see pin 13 blink every 250 ms, 3 times: it did 0 in a row in 3.9 s",
      "",
      "       ms                |1000             |2000            |3000",
      "  13 led1 ▁▁▁▁▁▁▁▁█████████▁▁▁▁▁▁▁▁▁█████████▁▁▁▁▁▁▁▁█████████▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
      "2 button1 ▁█████████████████████████████████████████████████████████████████████",
      " 8 piezo1 ♪♪♪♪··································································",
      "          █ high  ▁ low  ♪ sound  · silence",
      "",
      "pin 13: high at 612.1, low at 1112.1, high at 1612.1, low at 2112.1,",
      "  high at 2612.1, low at 3112.1",
      "the test: press button1 at 105.0",
      "",
    ].join("\n"),
  );
});

test("expectPin() looks at levels now, from the last deed on, and for a while", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  const pin = rig.expectPin(13);
  await pin.toBe(0);
  assert.equal(await firstLine(pin.toBe(1)), "Cannot see pin 13 be high: it is low");
  await pin.toStay(0, { forMs: 500 });
  assert.equal(
    await firstLine(pin.toBecome(1, { limitMs: 200 })),
    "Cannot see pin 13 become high: it did not in 200 ms",
  );
  await rig.press("button1");
  await rig.advance(3_000);
  // All three have come and gone: each is found once.
  for (let blink = 0; blink < 3; blink++) {
    await pin.toBecome(1);
    await pin.toBecome(0);
  }
  await failure(pin.toBecome(1, { limitMs: 1_000 }));
  await rig.press("button1");
  assert.match(
    (await firstLine(pin.toStay(0, { forMs: 2_000 }))) ?? "",
    /^Cannot see pin 13 stay low for 2 s: it was high after \d+\.\d ms$/,
  );
});

test("expectTone() and expectSilence() say what was heard instead", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  await rig.expectSilence("piezo1", { forMs: 300 });
  const wanted = { frequencyHz: 440, forMs: 100, limitMs: 500 };
  assert.equal(
    await firstLine(rig.expectTone("piezo1", wanted)),
    "Cannot hear 440 Hz for 100 ms on piezo1: it was silent for 500 ms",
  );
  await rig.press("button1");
  assert.match(
    (await firstLine(rig.expectTone("piezo1", wanted))) ?? "",
    /^Cannot hear 440 Hz for 100 ms on piezo1: the nearest in 500 ms was 52\d\.\d\d Hz \(\+\d+\.\d cents\) for \d+\.\d ms$/,
  );
  await failure(rig.expectTone("piezo1", { frequencyHz: 523.25, forMs: 200, limitMs: 500 }));
  await rig.expectTone("piezo1", { frequencyHz: 523.25 });
  await rig.press("button1", { forMs: 20 });
  assert.equal(
    await firstLine(rig.expectSilence("piezo1", { forMs: 300 })),
    "Cannot hear silence for 300 ms on piezo1: it sounded",
  );
  await assert.rejects(rig.expectTone("led1", wanted), { code: "USAGE" });
});

test("expectLed(), expectServo() and expectDisplay() look at parts", async () => {
  class Panel extends Sketch {
    override setup({ board }: SketchContext): void {
      const led = new five.Led({ pin: 5, board });
      const servo = new five.Servo({ pin: 10, board, startAt: 90 });
      const lcd = new five.LCD({ controller: "PCF8574", board, rows: 2, cols: 16 } as never);
      const low = new five.Pin({ pin: 4, board });
      low.high();
      this.clock.after(1_000, () => {
        led.brightness(64);
        servo.to(30);
        lcd.cursor(0, 0).print("Hello");
        low.low();
      });
    }
  }
  const folder = mkdtempSync(join(tmpdir(), "circuit-panel-"));
  const wiring = join(folder, "panel.json");
  writeFileSync(
    wiring,
    diagramOf(
      [
        ["led1", "wokwi-led"],
        ["led2", "wokwi-led"],
        ["servo1", "wokwi-servo"],
        ["lcd1", "wokwi-lcd1602", { attrs: { pins: "i2c" } }],
      ],
      [
        ["uno:5", "led1:A", "green", []],
        ["led1:C", "uno:GND.1", "black", []],
        ["uno:5V", "led2:A", "red", []],
        ["led2:C", "uno:4", "green", []],
        ["servo1:PWM", "uno:10", "green", []],
        ["lcd1:SDA", "uno:A4", "green", []],
        ["lcd1:SCL", "uno:A5", "green", []],
        ["lcd1:VCC", "uno:5V", "red", []],
        ["lcd1:GND", "uno:GND.2", "black", []],
      ],
    ),
  );
  try {
    await using rig = await emulate(wiring, { sketch: Panel });
    assert.equal(
      await firstLine(rig.expectLed("led1").toGlow(0.25, { limitMs: 100 })),
      "Cannot see led1 glow at 25 % in 100 ms: it glows at 0 %",
    );
    await rig.expectLed("led2").toStayDark({ forMs: 100 });
    await rig.expectServo("servo1").toReach(90);
    assert.match(
      (await firstLine(rig.expectServo("servo1").toReach(30, { limitMs: 100 }))) ?? "",
      /^Cannot see servo1 reach 30° in 100 ms: it is at (89|90)\.\d°$/,
    );
    assert.equal(
      await firstLine(rig.expectDisplay("lcd1").toShow("Hello", { limitMs: 100 })),
      'Cannot see lcd1 show "Hello" in 100 ms: it shows ["",""]',
    );
    await rig.expectServo("servo1").toReach(30);
    await rig.expectLed("led1").toGlow(0.25);
    await rig.expectLed("led2").toBeLit();
    await rig.expectDisplay("lcd1").toShow(["Hello", ""]);
    assert.throws(() => rig.expectLed("led3"), { code: "USAGE", message: /it has led1, led2/ });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("send(), expectMessage(), expectEvent() and expectLine() look at what the sketch says", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  assert.equal(await rig.send("sketch", "hello", { channel: "door" }), "heard hello");
  const { ack } = await rig.expectMessage("sketch", { message: "hello", channel: "door" });
  assert.equal(ack, "heard hello");
  await assert.rejects(rig.send("sketch", "fail"), { code: "PEER_REFUSED" });
  assert.equal(
    await failure(rig.expectMessage("sketch", { ack: "heard me", limitMs: 10 })),
    'Cannot see a message to sketch with the ack "heard me" in 10 ms: there was 1 other\n\n' +
      'sketch: "fail" (failed: no such bell)\n',
  );
  await rig.press("button1");
  await rig.expectEvent("bell.*", { data: { by: "button1" } });
  await rig.expectLine("sketch", /^ding$/);
  assert.match(
    await failure(rig.expectEvent("bell.broken", { limitMs: 10 })),
    /^Cannot see an event bell.broken in 10 ms: there was 1 other\n\nthe circuit: bell.rung \{"by":"button1"\} at \d+\.\d\n$/,
  );
  assert.equal(
    await failure(rig.expectLine("sketch", "dong", { limitMs: 10 })),
    'Cannot see sketch print "dong" in 10 ms: there was 1 other\n\nsketch: "ding"\n',
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { five } from "../../src/board/session/piezo.js";
import { openSession } from "../../src/board/session/session.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import type { Attachment } from "../../src/wiring/attachments.js";
import { FIRMWARES } from "../circuit/firmwares.js";
import { Cable } from "./cable.js";

const ATTACHED: readonly Attachment[] = [
  { part: "btn1", type: "wokwi-pushbutton", attrs: {}, terminals: { "1.l": "2", "2.l": "GND" } },
  { part: "pot1", type: "wokwi-potentiometer", attrs: {}, terminals: { SIG: "A0", VCC: "5V", GND: "GND" } },
];

for (const { name, skip, hex } of FIRMWARES) {
  test(`what is read of a board is silent while it is away, and goes on, on ${name}`, { skip }, async () => {
    using time = new VirtualTime();
    time.install();
    const cable = new Cable(new VirtualUno({ time, firmware: await hex(), attachments: ATTACHED }));
    const { uno } = cable;
    const opening = cable.find().then((link) => openSession({ link, relink: cable.find }));
    const session = await time.until(opening, { limitMs: 6_000 });
    const { board } = session;
    const restored = () => new Promise<void>((resolve) => board.on("restored", resolve));
    const heard: unknown[] = [];
    const sensor = new five.Sensor({ pin: "A0", board });
    sensor.on("data", () => heard.push(sensor.value));
    const levels: number[] = [];
    const pausing = (async () => {
      for await (const { level } of board.readings(2, { whenLost: "pause" })) levels.push(level);
    })();
    const ending = (async () => {
      for await (const { value } of board.readings("A0")) assert.ok(value >= 0);
    })();
    const outcome = assert.rejects(ending, { code: "BOARD_LOST" });
    uno.turn("pot1", 0.66);
    await time.advance(200);
    assert.equal(sensor.value, 675);

    await cable.unplug();
    await outcome;
    heard.length = 0;
    uno.press("btn1");
    uno.turn("pot1", 0.33);
    await time.advance(1_000);
    assert.deepEqual([heard, sensor.value, levels], [[], null, []]);
    const isBack = restored();
    cable.plugIn();
    await time.until(isBack, { limitMs: 6_000 });
    await time.advance(200);
    assert.deepEqual(new Set(heard), new Set([337]), "nothing of before");
    assert.deepEqual(levels, [0]);

    const isBackAgain = restored();
    await cable.unplug();
    await time.advance(1_000);
    cable.plugIn();
    await time.until(isBackAgain, { limitMs: 6_000 });
    await time.advance(200);
    assert.deepEqual(levels, [0], "it is still pressed");
    uno.release("btn1");
    await time.advance(100);
    assert.deepEqual(levels, [0, 1]);
    await time.until(session.close());
    await pausing;
  });
}

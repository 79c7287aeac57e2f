import assert from "node:assert/strict";
import { test } from "node:test";
import { five } from "../../src/board/session/piezo.js";
import { openSession } from "../../src/board/session/session.js";
import type { Edge } from "../../src/emulator/pins.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import type { Attachment } from "../../src/wiring/attachments.js";
import { FIRMWARES } from "../circuit/firmwares.js";

const ATTACHED: readonly Attachment[] = [
  { part: "btn1", type: "wokwi-pushbutton", attrs: {}, terminals: { "1.l": "2", "2.l": "GND" } },
  { part: "pot1", type: "wokwi-potentiometer", attrs: {}, terminals: { SIG: "A0", VCC: "5V", GND: "GND" } },
];

/** An emulated Uno, and the edges of its pins. */
async function plugIn(time: VirtualTime, hex: () => Promise<string>, address: string) {
  const uno = new VirtualUno({ time, firmware: await hex(), attachments: ATTACHED, address });
  const edges: Edge[] = [];
  uno.onEdge((edge) => edges.push(edge));
  const levelOf = (pin: number) => edges.findLast((edge) => edge.pin === pin)?.level ?? 0;
  const of = (pin: number, fromUs = 0) => edges.filter((edge) => edge.pin === pin && edge.atUs >= fromUs);
  return { uno, levelOf, of };
}

for (const from of FIRMWARES) {
  for (const to of FIRMWARES) {
    test(`a sketch's parts go on on another Uno: ${from.name} to ${to.name}`, {
      skip: from.skip || to.skip,
    }, async () => {
      using time = new VirtualTime();
      time.install();
      const old = await plugIn(time, from.hex, "sim:old");
      const session = await time.until(openSession({ link: old.uno }), { limitMs: 6_000 });
      const { board } = session;
      const led = new five.Led({ pin: 13, board });
      led.on();
      new five.Servo({ pin: 10, board }).to(90);
      const piezo = new five.Piezo({ pin: 8, board });
      const sensor = new five.Sensor({ pin: "A0", board });
      const pressed: string[] = [];
      new five.Button({ pin: 2, isPullup: true, board }).on("press", () => pressed.push("press"));
      old.uno.turn("pot1", 0.66);
      piezo.frequency(440, 20_000);
      await time.advance(300);
      assert.equal(sensor.value, 675);

      const other = await plugIn(time, to.hex, "sim:other");
      other.uno.turn("pot1", 0.33);
      await time.until(session.swap({ link: other.uno }), { limitMs: 8_000 });
      const leftAtUs = old.uno.nowUs;
      await time.advance(500);
      assert.equal(old.uno.nowUs, leftAtUs, "its link is closed");
      for (const pin of [8, 13]) assert.equal(old.levelOf(pin), 0, `pin ${pin} is left low`);
      assert.equal(other.levelOf(13), 1);
      assert.equal(sensor.value, 337);
      const edges = other.of(8, other.uno.nowUs - 200_000);
      const [first, last] = [edges.at(0)?.atUs ?? 0, edges.at(-1)?.atUs ?? 0];
      const hz = (edges.length - 1) / 2 / ((last - first) / 1_000_000);
      assert.ok(Math.abs(hz / 440 - 1) < 0.01, `${hz} Hz`);
      const [rise, fall] = other.of(10).slice(other.levelOf(10) ? -3 : -2);
      assert.ok(Math.abs((fall?.atUs ?? 0) - (rise?.atUs ?? 0) - 1_500) < 20, "the servo's pulse");
      other.uno.press("btn1");
      await time.advance(50);
      assert.deepEqual(pressed, ["press"]);
      piezo.noTone();
      led.off();
      await time.until(board.confirm());
      const silent = other.of(8).length;
      await time.advance(100);
      assert.deepEqual([other.levelOf(13), other.levelOf(8), other.of(8).length - silent], [0, 0, 0]);
      await time.until(session.close());
    });
  }
}

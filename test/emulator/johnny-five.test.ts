import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import * as vendor from "#johnny-five";
import type { Edge } from "../../src/emulator/pins.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import type { Attachment } from "../../src/wiring/attachments.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { FIRMWARE_TOOLS, skipWithout } from "../native/tools.js";

// Johnny-Five without a session; only what is used here is described, more loosely than its types do.
interface Vendor {
  readonly Firmata: new (transport: EventEmitter, options: object) => EventEmitter;
  readonly five: Record<
    "Board" | "Led" | "Button" | "Sensor" | "Piezo" | "Servo",
    new (
      options: object,
    ) => Component
  >;
}
interface Component extends EventEmitter {
  blink(periodMs: number): void;
  stop(): void;
  brightness(value: number): void;
  frequency(hz: number, ms: number): void;
  to(degrees: number): void;
  readonly raw: number;
}
const { five, Firmata } = vendor as unknown as Vendor;

const ATTACHED: readonly Attachment[] = [
  { part: "led1", type: "wokwi-led", attrs: {}, terminals: { A: "13", C: "GND" } },
  { part: "led2", type: "wokwi-led", attrs: {}, terminals: { A: "9", C: "GND" } },
  { part: "bz1", type: "wokwi-buzzer", attrs: {}, terminals: { "1": "GND", "2": "8" } },
  { part: "btn1", type: "wokwi-pushbutton", attrs: {}, terminals: { "1.l": "2", "2.l": "GND" } },
  { part: "pot1", type: "wokwi-potentiometer", attrs: {}, terminals: { SIG: "A0", VCC: "5V", GND: "GND" } },
];

/** Johnny-Five on a firmware, ready, in virtual time. */
async function readyBoard(firmware: string, time: VirtualTime) {
  const link = new VirtualUno({ firmware, attachments: ATTACHED, time });
  const transport = Object.assign(new EventEmitter(), { write: (bytes: Uint8Array) => link.write(bytes) });
  time.install();
  const io = new Firmata(transport, { reportVersionTimeout: 0 });
  const board = new five.Board({ io, repl: false, debug: false, sigint: false, timeout: 6_000 });
  await link.open(
    { data: (bytes) => transport.emit("data", Buffer.from(bytes)), lost: () => {} },
    { signal: new AbortController().signal },
  );
  transport.emit("open");
  await time.until(new Promise((resolve) => board.once("ready", resolve)), { limitMs: 5_000 });
  const edges: Edge[] = [];
  link.onEdge((edge) => edges.push(edge));
  const on = (pin: number) => edges.filter((edge) => edge.pin === pin);
  return { link, board, edges, on };
}

const FIRMWARES = [
  { name: "StandardFirmata", hex: standardFirmataHex, skip: skipWithout(...FIRMWARE_TOOLS) },
  {
    name: "CircuitFirmata",
    hex: async () => CIRCUIT_UNO_HEX,
    skip: existsSync(CIRCUIT_UNO_HEX) ? false : "firmware/circuit-uno.hex is not there",
  },
];

for (const { name, hex, skip } of FIRMWARES) {
  test(`Johnny-Five's Led, Button, Sensor, Servo and Piezo run on ${name} in virtual time`, {
    skip,
  }, async () => {
    using time = new VirtualTime();
    const { link, board, edges, on } = await readyBoard(await hex(), time);

    const led = new five.Led({ pin: 13, board });
    led.blink(100);
    await time.advance(1_005);
    led.stop();
    const blinks = on(13);
    assert.equal(blinks.length, 10);
    for (const [index, { level }] of blinks.entries()) assert.equal(level, index % 2 === 0 ? 1 : 0);

    const button = new five.Button({ pin: 2, isPullup: true, board });
    const heard: string[] = [];
    for (const event of ["press", "release"]) button.on(event, () => heard.push(event));
    await time.advance(50);
    link.press("btn1");
    await time.advance(50);
    link.release("btn1");
    await time.advance(50);
    assert.deepEqual(heard, ["press", "release"]);

    const sensor = new five.Sensor({ pin: "A0", freq: 50, board });
    link.turn("pot1", 0.66);
    await time.advance(200);
    assert.equal(sensor.raw, 675);

    new five.Led({ pin: 9, board }).brightness(64);
    await time.advance(50);
    const led2 = link.parts.find(({ id }) => id === "led2");
    assert.equal(led2?.type === "led" ? led2.brightness.toFixed(2) : undefined, "0.25");

    new five.Servo({ pin: 10, board }).to(90);
    await time.advance(100);
    const [rise, fall, again] = on(10).slice(-3 - (on(10).length % 2 === 0 ? 1 : 0));
    assert.ok(Math.abs((fall?.atUs ?? 0) - (rise?.atUs ?? 0) - 1_500) < 10);
    assert.ok(Math.abs((again?.atUs ?? 0) - (rise?.atUs ?? 0) - 20_000) < 20);

    const tones: number[] = [];
    link.onTone("bz1", ({ hz }) => tones.push(hz));
    new five.Piezo({ pin: 8, board }).frequency(440, 200);
    await time.advance(300);
    assert.equal(tones.length, 1);
    assert.ok(Math.abs((tones[0] ?? 0) - 440) < 22, `${tones[0]} Hz`);
    assert.ok(edges.length > 0);
    await link.close();
  });

  test(`writes at the speed of the wire are executed every one by ${name}`, { skip }, async () => {
    using time = new VirtualTime();
    const { link, on } = await readyBoard(await hex(), time);
    link.write(Uint8Array.of(0xf4, 13, 1));
    for (let write = 0; write < 1_961; write++) link.write(Uint8Array.of(0xf5, 13, (write & 1) ^ 1));
    await time.advance(1_010);
    assert.equal(on(13).length, 1_961);
    await link.close();
  });
}

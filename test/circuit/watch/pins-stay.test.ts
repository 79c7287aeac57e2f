import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Board } from "../../../src/board/board.js";
import { five } from "../../../src/board/session/piezo.js";
import { runCircuit } from "../../../src/circuit/run.js";
import type { RunningCircuit } from "../../../src/circuit/running-circuit.js";
import type { Edge } from "../../../src/emulator/pins.js";
import { VirtualTime } from "../../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../../src/emulator/virtual-uno.js";
import { Sketch, type SketchContext } from "../../../src/sketch/sketch.js";
import { FIRMWARES } from "../firmwares.js";
import { Watched } from "./watched.js";

/** What is made in `setup()`, and what is done with it before it is made again. */
const PARTS: Readonly<Record<string, (board: Board) => () => void>> = {
  "a Led that is on": (board) => {
    const led = new five.Led({ pin: 13, board });
    return () => led.on();
  },
  "a Led that is dimmed": (board) => {
    const led = new five.Led({ pin: 9, board });
    return () => led.brightness(100);
  },
  "a Led that blinks": (board) => {
    const led = new five.Led({ pin: 13, board });
    return () => led.on().blink(20);
  },
  "a Pin that is high": (board) => {
    const pin = new five.Pin({ pin: 12, board });
    return () => pin.high();
  },
  "a Relay that is closed": (board) => {
    const relay = new five.Relay({ pin: 7, board });
    return () => relay.close();
  },
  "a Servo at 120°": (board) => {
    const servo = new five.Servo({ pin: 10, board });
    return () => servo.to(120);
  },
  "a Piezo after its tone": (board) => {
    const piezo = new five.Piezo({ pin: 8, board });
    return () => piezo.frequency(440, 20);
  },
  "a Button": (board) => {
    new five.Button({ pin: 2, board, isPullup: true });
    return () => {};
  },
};

for (const { name, skip, hex } of FIRMWARES) {
  describe(`pins of a sketch that is replaced, on ${name}`, { skip }, () => {
    for (const [what, make] of Object.entries(PARTS)) {
      test(`${what} stays as it is`, async () => {
        using time = new VirtualTime();
        time.install();
        const uno = new VirtualUno({ time, firmware: await hex() });
        const partOf = () =>
          class Parted extends Sketch {
            #act = () => {};
            override setup({ board }: SketchContext): void {
              this.#act = make(board);
            }
            override loop(): void {
              this.#act();
            }
          };
        const config = new Watched();
        const stop = new AbortController();
        let done: Promise<unknown> = Promise.resolve();
        const begun = new Promise<RunningCircuit>((resolve) => {
          done = runCircuit(
            { nodes: { part: { sketch: partOf() } } },
            { links: { board: uno }, watched: config.watched, onBegun: resolve, signal: stop.signal },
          ).catch(() => {});
        });
        const running = await time.until(begun, { limitMs: 10_000 });
        await time.until(running.send("part", "1"));
        await time.advance(200);
        const edges: Edge[] = [];
        uno.onEdge((edge) => edges.push(edge));
        await time.advance(100);
        const before = edges.splice(0);
        const levels = LEVELS.map((pin) => uno.level(pin));
        await time.until(config.save({ nodes: { part: { sketch: partOf() } } }));
        await time.until(running.boards().board?.confirm() ?? Promise.resolve());
        await time.advance(100);
        if (isPulsing(what)) assert.deepEqual(widthsOf(edges), widthsOf(before));
        else if (/blinks/.test(what)) assert.ok(edges.length <= 1, "no more than the one of the moment");
        else {
          assert.deepEqual(edges, []);
          assert.deepEqual(
            LEVELS.map((pin) => uno.level(pin)),
            levels,
          );
        }
        stop.abort();
        await time.until(done, { limitMs: 10_000 });
      });
    }
  });
}

const LEVELS = [...Array(20).keys()];

/** PWM and a servo's pulses go on. */
function isPulsing(what: string): boolean {
  return /dimmed|Servo/.test(what);
}

/** How long the pin was high, and low, each time, to 20 µs: an interrupt may delay a servo's pulse by some. */
function widthsOf(edges: readonly Edge[]): string[] {
  const widths = edges.slice(1).map(({ atUs, level }, at) => {
    const us = atUs - (edges[at]?.atUs ?? 0);
    return `${level === 0 ? "high" : "low"} ${Math.round(us / 20) * 20}`;
  });
  return [...new Set(widths)].sort();
}

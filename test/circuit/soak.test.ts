import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { five } from "../../src/board/session/piezo.js";
import { runCircuit } from "../../src/circuit/run.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import type { VirtualUno } from "../../src/emulator/virtual-uno.js";
import { Sketch, type SketchContext } from "../../src/sketch/sketch.js";
import { cases } from "../long.js";
import { exampleUno, FIRMWARES } from "./firmwares.js";

const LED = 13;
const BEAT_MS = 1_000;
const BEATS_PER_CHIRP = 10;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Toggles its lamp each second, chirps now and then, and has each of it confirmed. */
class Lighthouse extends Sketch {
  beats = 0;
  confirmed = 0;
  /** Microseconds of the board at which the lamp changed, the first time and the last. */
  firstUs: number | undefined;
  lastUs = 0;
  edges = 0;
  readonly #uno: VirtualUno;
  #lamp: five.Pin | undefined;
  #piezo: five.Piezo | undefined;

  constructor(uno: VirtualUno) {
    super();
    this.#uno = uno;
  }

  override setup({ board }: SketchContext): void {
    this.#lamp = new five.Pin({ pin: LED, board });
    this.#piezo = new five.Piezo({ pin: 8, board });
    this.#uno.onEdge(({ pin, atUs }) => {
      if (pin !== LED) return;
      this.edges++;
      this.firstUs ??= atUs;
      this.lastUs = atUs;
    });
  }

  override async run(): Promise<void> {
    const startMs = this.clock.now();
    for (;;) {
      // By the clock, not by what came before: a beat that is late makes no other late.
      await this.clock.sleep(startMs + (this.beats + 1) * BEAT_MS - this.clock.now(), this.signal);
      this.#lamp?.write(++this.beats % 2);
      if (this.beats % BEATS_PER_CHIRP === 0) this.#piezo?.frequency(440, 50);
      await this.confirm(1);
      this.confirmed++;
    }
  }
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** What a run may keep besides, in bytes: caches and compiled code, and not 50 bytes for each beat of a day. */
const MOST_GROWTH_BYTES = 3_000_000;

/**
 * How far the last edge may be from where the first has it, in microseconds: the host's timers are cut to whole milliseconds,
 * and the board takes the rest to come round to a write.
 */
const MOST_DRIFT_US = 1_500;

/** A day of a firmware that sleeps; StandardFirmata does not, and its minute is work for a quarter of one. */
const MINUTES: Readonly<Record<string, number>> = {
  CircuitFirmata: cases(2, 24 * 60),
  StandardFirmata: cases(0.2, 10),
};

for (const { name, skip, hex } of FIRMWARES) {
  const minutes = MINUTES[name] ?? 0;
  test(`${name} runs for ${minutes} minutes, loses no write, keeps time and does not grow`, {
    skip,
  }, async () => {
    using time = new VirtualTime();
    time.install();
    const uno = exampleUno(time, await hex());
    const tones: number[] = [];
    uno.onTone("bz1", ({ hz }) => tones.push(hz));
    const lighthouse = new Lighthouse(uno);
    const stop = new AbortController();
    const running = runCircuit(
      { nodes: { lighthouse: { sketch: () => lighthouse } } },
      { links: { board: uno }, signal: stop.signal },
    );
    const ended = assert.rejects(running, { message: "enough" });
    await time.advance(minutes * 6_000);
    const early = heapBytes();
    await time.advance(minutes * 54_000);
    // Half a beat on, nothing is under way.
    await time.advance(BEAT_MS / 2);
    const growth = heapBytes() - early;
    const { beats, confirmed, edges, firstUs = 0, lastUs } = lighthouse;
    stop.abort(new Error("enough"));
    await time.until(ended);

    assert.ok(beats >= minutes * 60 - 3, `${beats} beats`);
    assert.deepEqual([confirmed, edges], [beats, beats]);
    const driftUs = lastUs - firstUs - (beats - 1) * BEAT_MS * 1_000;
    assert.ok(Math.abs(driftUs) <= MOST_DRIFT_US, `${driftUs} µs in ${beats} beats`);
    assert.equal(tones.length, Math.floor(beats / BEATS_PER_CHIRP));
    assert.ok(
      Math.max(...tones) - Math.min(...tones) < 22,
      `${Math.min(...tones)} to ${Math.max(...tones)} Hz`,
    );
    assert.ok(growth < MOST_GROWTH_BYTES, `${growth} bytes more`);
  });
}

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { five } from "../../src/board/session/piezo.js";
import type { CircuitError } from "../../src/core/error.js";
import { on } from "../../src/events/on.js";
import { Sketch, type SketchContext } from "../../src/sketch/sketch.js";
import { emulate } from "../../src/testing/emulate.js";
import { FIRMWARES } from "../circuit/firmwares.js";
import { cases } from "../long.js";
import { temporaryFolder } from "../temporary-folder.js";
import { Bell, DOORBELL_WIRING } from "./sketches.js";

for (const { name, hex, skip } of FIRMWARES) {
  test(`a doorbell rings and blinks, and gives the same edges twice, on ${name}`, { skip }, async () => {
    const firmware = await hex();
    const runs = [];
    for (let run = 0; run < 2; run++) {
      await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell, firmware, seed: 5 });
      await rig.press("button1");
      await rig.expectTone("piezo1", { frequencyHz: 523.25, withinCents: 5, forMs: 100 });
      await rig.expectTone("piezo1", { frequencyHz: 659.25, withinCents: 5, forMs: 100 });
      await rig.expectPin(13).toBlink({ everyMs: 500, times: 3 });
      await rig.expectPin(13).toStay(0, { forMs: 1_000 });
      await rig.noise({ forMs: 200 });
      await rig.press("button1");
      await rig.expectTone("piezo1", { frequencyHz: 523.25, withinCents: 5, forMs: 100 });
      runs.push(rig.edges);
    }
    assert.ok((runs[0]?.length ?? 0) > 200);
    assert.deepEqual(runs[0], runs[1]);
  });
}

test("emulate() refuses a second rig while one is open, and takes one after it", async () => {
  const first = await emulate(DOORBELL_WIRING, { sketch: Bell });
  await assert.rejects(emulate("other.json", { sketch: Bell }), {
    code: "USAGE",
    message: `Cannot emulate other.json: ${DOORBELL_WIRING} is being emulated, and virtual time is the whole process's`,
  });
  await first.close();
  const second = await emulate(DOORBELL_WIRING, { sketch: Bell });
  await second.expectPin(13).toBe(0);
  await second.close();
});

test("Rig.close() gives the process its time back, once, and the rig is of no use then", async () => {
  const { setTimeout: own } = globalThis;
  const rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  assert.notEqual(globalThis.setTimeout, own);
  await Promise.all([rig.close(), rig.close()]);
  await rig.close();
  assert.equal(globalThis.setTimeout, own);
  await assert.rejects(rig.advance(1), { code: "USAGE", message: "Cannot use the rig: it is closed" });
  assert.throws(() => rig.expectPin(13), { code: "USAGE" });
});

test("emulate() rejects with why a circuit cannot begin, and leaves nothing behind", async () => {
  const { setTimeout: own } = globalThis;
  class Broken extends Sketch {
    override setup(): void {
      throw new Error("no luck");
    }
  }
  await assert.rejects(emulate(DOORBELL_WIRING, { sketch: Broken }), /no luck/);
  await assert.rejects(emulate("/none.json", { sketch: Bell }), { code: "FILE_FAILED" });
  await assert.rejects(emulate({ nodes: {} }), { code: "CONFIG_INVALID" });
  assert.equal(globalThis.setTimeout, own);
});

test("a circuit that fails later is the reason of each call from then on", async () => {
  class Failing extends Sketch {
    override async run(): Promise<void> {
      await this.clock.sleep(500, this.signal);
      throw new Error("half a second is enough");
    }
  }
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Failing });
  await assert.rejects(rig.advance(1_000), /half a second/);
  await assert.rejects(rig.press("button1"), /half a second/);
});

test("emulate() runs a whole circuit until it ends, and several boards by name", async () => {
  await using rig = await emulate({
    boards: { desk: "/dev/ttyACM0", bench: "/dev/ttyACM1" },
    seed: 7,
    nodes: {
      clock: { sketch: "clock", options: { ticks: 4, delaySeconds: 0.2 } },
      iopin: { sketch: "iopin", board: "desk", options: { bitMs: 150 } },
      buzzer: { sketch: "buzzer", board: "bench" },
    },
  });
  assert.throws(() => rig.expectPin(13), { code: "USAGE", message: /the circuit has desk, bench/ });
  await rig.board("desk").expectPin(13).toBecome(1);
  await rig.expectMessage("buzzer", { message: "1", ack: "buzz buzz buzz" });
  const { acks } = await rig.done();
  assert.equal(acks, 4);
});

test("emulate() runs nodes without a board, and observers alone", async () => {
  class Echo extends Sketch {
    override readonly usesBoard = false;
    override loop(_channel: string, message: string): string {
      return message.toUpperCase();
    }
  }
  {
    await using rig = await emulate({ nodes: { echo: { sketch: Echo } } });
    assert.equal(await rig.send("echo", "hello"), "HELLO");
  }
  const heard: unknown[] = [];
  await using rig = await emulate({ observers: [on("bell.rung", ({ data }) => heard.push(data))] });
  rig.publish("bell.rung", "twice");
  await rig.advance(10);
  assert.deepEqual(heard, ["twice"]);
});

test("a rig closes while its board is unplugged, a node is cut off and a message is on its way", async () => {
  const rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  rig.cut("sketch");
  const lost = assert.rejects(rig.send("sketch", "never heard"), { code: "PEER_LOST" });
  rig.unplug();
  await rig.advance(100);
  await rig.close();
  await lost;
});

test("two calls may wait at the same time", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell });
  const startMs = rig.nowMs;
  await Promise.all([
    rig.press("button1"),
    rig.expectTone("piezo1", { frequencyHz: 523.25, forMs: 100 }),
    rig.advance(400),
  ]);
  assert.ok(Math.abs(rig.nowMs - startMs - 400) < 0.001, `${rig.nowMs - startMs} ms`);
});

test("an hour of a blinking sketch has 7 200 edges, 500 ms apart", async () => {
  class Blink extends Sketch {
    override setup({ board }: SketchContext): void {
      new five.Led({ pin: 13, board }).blink(500);
    }
  }
  const minutes = cases(2, 60);
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Blink });
  await rig.advance(minutes * 60_000);
  const edges = rig.edges.filter(({ pin }) => pin === 13);
  assert.ok(Math.abs(edges.length - minutes * 120) <= 1, `${edges.length} edges`);
  for (const [index, { atMs }] of edges.entries())
    if (index > 0) assert.ok(Math.abs(atMs - (edges[index - 1]?.atMs ?? 0) - 500) < 1);
});

const PROGRAM = `import { defineCircuit, five, Sketch } from "circuit-five";
class Lamp extends Sketch {
  setup({ board }) { this.led = new five.Led({ pin: 13, board }); }
  loop(_channel, message) { this.led[message](); }
}
export default defineCircuit({ boards: { desk: "/dev/ttyACM7" }, wiring: "doorbell.json", nodes: { lamp: { sketch: Lamp } } });
`;

test("emulate() runs a configuration by its path, TypeScript or JSON, with files beside it", async () => {
  const folder = temporaryFolder();
  copyFileSync(DOORBELL_WIRING, join(folder, "doorbell.json"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(
    fileURLToPath(new URL("../../../", import.meta.url)),
    join(folder, "node_modules", "circuit-five"),
  );
  writeFileSync(join(folder, "circuit.config.ts"), PROGRAM);
  {
    await using rig = await emulate(join(folder, "circuit.config.ts"));
    await rig.send("lamp", "on");
    await rig.board("desk").expectLed("led1").toBeLit();
  }
  const nodes = { iopin: { sketch: "iopin" }, buzzer: { sketch: "buzzer" } };
  writeFileSync(join(folder, "circuit.config.json"), JSON.stringify({ wiring: "doorbell.json", nodes }));
  await using rig = await emulate(join(folder, "circuit.config.json"), { seed: 3 });
  assert.equal(await rig.send("iopin", "tick"), "acknowledged");
  await rig.expectMessage("buzzer");
});

test("emulate() says what is wrong with a configuration, by its path, and leaves nothing behind", async () => {
  const { setTimeout: own } = globalThis;
  const folder = temporaryFolder();
  const written = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  for (const [path, code] of [
    [join(folder, "none.ts"), "CONFIG_INVALID"],
    [written("circuit.config.json", '{ "nodes": '), "CONFIG_INVALID"],
    [written("circuit.json", '{ "nodes": { "a": { "sketch": "none" } } }'), "CONFIG_INVALID"],
    [
      written("wired.json", '{ "wiring": "no.json", "nodes": { "a": { "sketch": "iopin" } } }'),
      "FILE_FAILED",
    ],
    [written("thrown.js", "throw new Error('not today');"), "CONFIG_INVALID"],
  ] as const)
    await assert.rejects(emulate(path), ({ code: is, message }: CircuitError) => {
      assert.equal(is, code, `${path}: ${message}`);
      return message.includes(folder);
    });
  assert.equal(globalThis.setTimeout, own);
});

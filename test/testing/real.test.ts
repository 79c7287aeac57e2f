import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { five } from "../../src/board/session/piezo.js";
import { type CircuitDefinition, defineCircuit } from "../../src/config/define.js";
import { Sketch, type SketchContext } from "../../src/sketch/sketch.js";
import { type EmulateSketchOptions, emulate } from "../../src/testing/emulate.js";
import type { Rig } from "../../src/testing/rig.js";
import { startCircuit } from "../cli/cli.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { startSimavr } from "../native/simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { temporaryFolder } from "../temporary-folder.js";
import { Bell, DOORBELL_WIRING } from "./sketches.js";

/** A machine that is busy is slow; nobody waits so long where all is well. */
const LIMIT = { limitMs: 20_000 };

/** The one test, wherever its circuit is. */
async function rings(rig: Rig): Promise<void> {
  assert.equal(await rig.send("sketch", "hello"), "heard hello");
  await rig.press("button1");
  await rig.expectTone("piezo1", { frequencyHz: 523.25, withinCents: 60, ...LIMIT });
  await rig.expectLed("led1").toBlink({ everyMs: 500, times: 2, withinMs: 300, ...LIMIT });
  await rig.expectEvent("bell.rung", { data: { by: "button1" } });
}

type Place = Pick<EmulateSketchOptions, "board" | "firmware" | "hand">;

async function onSimavr(context: TestContext, firmware: string): Promise<Place> {
  const simavr = await startSimavr({ firmware });
  context.after(() => simavr.stop());
  return {
    board: simavr.path,
    hand: ({ pin = -1, does }) => simavr.drive(pin, does === "press" ? 0 : 1),
  };
}

const withTools = skipWithout(...FIRMWARE_TOOLS);
const PLACES: readonly {
  readonly name: string;
  readonly skip?: string | false;
  readonly place: (context: TestContext) => Promise<Place>;
}[] = [
  { name: "emulated with circuit's firmware", place: async () => ({}) },
  {
    name: "emulated with StandardFirmata",
    skip: withTools,
    place: async () => ({ firmware: await standardFirmataHex() }),
  },
  { name: "emulated in real time", place: async () => ({ board: "sim:uno" }) },
  {
    name: "on circuit's firmware behind a tty",
    skip: skipWithout(...SIMAVR_TOOLS),
    place: (context) => onSimavr(context, CIRCUIT_UNO_HEX),
  },
  {
    name: "on StandardFirmata behind a tty",
    skip: skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS),
    place: async (context) => onSimavr(context, await standardFirmataHex()),
  },
];

for (const { name, skip = false, place } of PLACES)
  test(`a doorbell passes the same test ${name}, and its recording is replayed`, {
    skip,
  }, async (context) => {
    const record = join(temporaryFolder(), "bell.circuit");
    {
      await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell, record, ...(await place(context)) });
      await rings(rig);
    }
    await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell, board: `replay:${record}` });
    await rig.expectEvent("bell.rung", { data: { by: "button1" }, ...LIMIT });
    // It ends with the recording, and rejects where the sketch did anything else than then.
    await rig.done({ limitMs: 60_000 });
  });

test("another sketch on the recording of a doorbell is found out", async () => {
  const record = join(temporaryFolder(), "bell.circuit");
  {
    await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell, record });
    await rings(rig);
  }
  class Mute extends Sketch {
    override setup({ board }: SketchContext): void {
      new five.Button({ pin: 2, isPullup: true, board });
    }
  }
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Mute, board: `replay:${record}` });
  await assert.rejects(rig.done({ limitMs: 60_000 }), { code: "REPLAY_DIFFERED" });
});

const CIRCUIT: CircuitDefinition = defineCircuit({
  seed: 1,
  nodes: {
    iopin: { sketch: "iopin", options: { sequence: 1, chance: 0 } },
    buzzer: { sketch: "buzzer" },
  },
});

/** The one test of a circuit, wherever its buzzer is. */
async function buzzes(rig: Rig): Promise<void> {
  assert.equal(await rig.send("iopin", "tick"), "acknowledged");
  await rig.expectMessage("buzzer", { message: "1", ack: "buzz buzz buzz", ...LIMIT });
  await rig.expectPin(13).toBe(1);
  assert.equal(await rig.send("buzzer", "1", { channel: "bits" }), "buzz buzz buzz");
}

test("a circuit passes the same test with its buzzer here, and in another process", async (context) => {
  // Both find the credentials of this machine there, as two processes of one person do.
  const env = { XDG_RUNTIME_DIR: temporaryFolder() };
  const { XDG_RUNTIME_DIR: own } = process.env;
  Object.assign(process.env, env);
  context.after(() => {
    if (own === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = own;
  });
  const buzzer = startCircuit(context, ["buzzer", "-p", "0", "--board", "mock"], { env });
  const [, address] = await buzzer.said(/listens on (ws:\S+)/);
  for (const grid of [{ buzzer: undefined }, { buzzer: address }]) {
    await using rig = await emulate(CIRCUIT, { grid });
    await buzzes(rig);
  }
});

test("a real board does not do what only an emulated one can, and parts of it need a hand", async () => {
  await using rig = await emulate(DOORBELL_WIRING, { sketch: Bell, board: "mock" });
  await assert.rejects(rig.press("button1"), {
    code: "USAGE",
    message: "Cannot press button1 of board: it is a board at mock, in real time",
    hint: "Give emulate() a `hand` that moves the parts.",
  });
  for (const fault of ["unplug", "replug", "brownOut"] as const)
    assert.throws(() => rig[fault](), { code: "USAGE", message: /it is a board at mock/ });
});

test("a sketch's timers end with the rig, in real time too", async () => {
  let ticks = 0;
  class Ticker extends Sketch {
    override setup({ board }: SketchContext): void {
      new five.Led({ pin: 13, board }).blink(1);
      setInterval(() => ticks++, 1);
    }
    override loop(): string {
      setInterval(() => ticks++, 1);
      return "faster";
    }
  }
  const rig = await emulate(DOORBELL_WIRING, { sketch: Ticker, board: "mock" });
  await rig.send("sketch", "faster");
  await rig.advance(20);
  await rig.close();
  const atTheEnd = ticks;
  assert.ok(atTheEnd > 0);
  // A timer that is left would come before this one.
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(ticks, atTheEnd);
});

test("emulate() rejects where a real board is not there, or the circuit has none of its name", async () => {
  const sketch = Bell;
  await assert.rejects(emulate(DOORBELL_WIRING, { sketch, boards: { desk: "mock" } }), {
    code: "USAGE",
    message: "Cannot put a board in the place of desk: the circuit has board",
  });
  await assert.rejects(emulate(CIRCUIT, { grid: { bell: "ws://127.0.0.1:1" } }), {
    code: "USAGE",
    message: "Cannot put a node in the place of bell: the circuit has iopin, buzzer",
  });
  await assert.rejects(emulate(DOORBELL_WIRING, { sketch, board: "none:such" }), { code: "USAGE" });
});

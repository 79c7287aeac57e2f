import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CircuitEvent } from "../../src/circuit/progress.js";
import { runCircuit } from "../../src/circuit/run.js";
import type { CircuitDefinition } from "../../src/config/define.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { makeReplay, type Replay } from "../../src/record/replay.js";
import { exampleUno, FIRMWARES } from "../circuit/firmwares.js";
import { Tape } from "./taped-link.js";

/** The example's I/O pin and clock, whose bits a seed draws. */
function example(seed: number): CircuitDefinition {
  return {
    seed,
    nodes: {
      clock: { sketch: "clock", options: { ticks: 3, delaySeconds: 0.2 } },
      iopin: { sketch: "iopin", options: { bitMs: 150 } },
      buzzer: { sketch: "buzzer" },
    },
  };
}

interface Ran {
  readonly told: readonly CircuitEvent[];
  readonly lines: readonly string[];
}

async function run(
  time: VirtualTime,
  circuit: CircuitDefinition,
  link: Parameters<Tape["of"]>[0],
): Promise<Ran> {
  const told: CircuitEvent[] = [];
  await time.until(runCircuit(circuit, { links: { board: link }, onEvent: (event) => told.push(event) }));
  return {
    told,
    lines: told.flatMap((event) => (event.type === "out" ? [`${event.node}: ${event.text}`] : [])),
  };
}

/** A circuit's run on an emulated Uno, on tape. */
async function record(hex: string, circuit: CircuitDefinition): Promise<Ran & { readonly tape: Tape }> {
  using time = new VirtualTime();
  time.install();
  const tape = new Tape();
  return { ...(await run(time, circuit, tape.of(exampleUno(time, hex)))), tape };
}

/** A circuit's run on a recorded board. */
async function replay(
  tape: Tape,
  circuit: CircuitDefinition,
): Promise<Ran & { readonly replay: Replay; readonly again: Tape }> {
  using time = new VirtualTime();
  time.install();
  const again = new Tape();
  const replay = await makeReplay(tape.read(), { address: "replay:tape" });
  return { ...(await run(time, circuit, again.of(await replay.relink()))), replay, again };
}

/** All bytes of one direction. */
function bytesOf(tape: Tape, kind: "to-board" | "to-host"): string {
  return tape.entries
    .flatMap((entry) => (entry.kind === kind ? [Buffer.from(entry.bytes).toString("hex")] : []))
    .join("");
}

for (const { name, skip, hex } of FIRMWARES) {
  describe(`a replayed ${name}`, { skip }, () => {
    test("has nothing to tell of the same sketch, and says the same bytes", async () => {
      const then = await record(await hex(), example(7));
      const now = await replay(then.tape, example(7));
      assert.equal(now.replay.difference, undefined);
      assert.deepEqual(now.lines, then.lines);
      assert.equal(bytesOf(now.again, "to-board"), bytesOf(then.tape, "to-board"));
      assert.equal(bytesOf(now.again, "to-host"), bytesOf(then.tape, "to-host"));
    });

    test("tells another sketch where it first differs, and goes on", async () => {
      const then = await record(await hex(), example(7));
      const now = await replay(then.tape, example(8));
      console.log(now.replay.difference, then.lines, now.lines);
    });
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { five } from "../../src/board/session/piezo.js";
import { runCircuit } from "../../src/circuit/run.js";
import type { CircuitDefinition } from "../../src/config/define.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import { Sketch, type SketchContext } from "../../src/sketch/sketch.js";

const WRITES = 200;

/** Writes far quicker than the wire carries, and ends when the last is there. */
class Burst extends Sketch {
  #pins: five.Pin[] = [];

  override setup({ board }: SketchContext): void {
    this.#pins = [7, 12].map((pin) => new five.Pin({ pin, board }));
  }

  override async run(): Promise<void> {
    for (let write = 1; write <= WRITES; write++) for (const pin of this.#pins) pin.write(write % 2);
    await this.confirm();
  }
}

/** How often each pin changes while the circuit runs. */
async function edgesOf(definition: CircuitDefinition): Promise<Map<number, number>> {
  using time = new VirtualTime();
  time.install();
  const uno = new VirtualUno({ time });
  const edges = new Map<number, number>();
  uno.onEdge(({ pin }) => edges.set(pin, (edges.get(pin) ?? 0) + 1));
  await time.until(runCircuit(definition, { links: { board: uno } }));
  return edges;
}

test("a pin that the configuration calls ordered has each value, others the last ones", async () => {
  const nodes = { burst: { sketch: Burst } };
  const edges = await edgesOf({ nodes, pins: { "12": { ordered: true } } });
  assert.equal(edges.get(12), WRITES);
  assert.ok((edges.get(7) ?? 0) < WRITES, `${edges.get(7)} edges`);
});

test("the pin of the example's iopin has each of its bits, confirmed or not", async () => {
  const nodes: CircuitDefinition["nodes"] = {
    clock: { sketch: "clock", options: { ticks: 3, delaySeconds: 0 } },
    iopin: { sketch: "iopin", options: { sequence: 40 }, confirm: false },
    buzzer: { sketch: Answer },
  };
  const bits: number[] = [];
  using time = new VirtualTime();
  time.install();
  const uno = new VirtualUno({ time });
  const levels: number[] = [];
  uno.onEdge(({ pin, level }) => pin === 13 && levels.push(level));
  await time.until(
    runCircuit(
      { seed: 6, nodes },
      {
        links: { board: uno },
        onEvent: (event) => {
          const [, printed] = (event.type === "out" && /\[(.*)\]/.exec(event.text)) || [];
          if (printed) bits.push(...printed.split(", ").map(Number));
        },
      },
    ),
  );
  assert.equal(bits.length, 120);
  assert.deepEqual(
    levels,
    [...bits, 0].filter((bit, at) => bit !== (bits[at - 1] ?? 0)),
  );
});

/** A peer that answers at once. */
class Answer extends Sketch {
  override readonly usesBoard = false;
  override loop(): string {
    return "...";
  }
}

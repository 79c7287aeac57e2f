import { openSession } from "../../src/board/session/session.js";
import { five, Sketch, type SketchContext } from "../../src/index.js";
import { emulate, VirtualTime } from "../../src/testing.js";
import { exampleUno, FIRMWARES } from "../circuit/firmwares.js";
import { DOORBELL_WIRING } from "../testing/sketches.js";
import type { Row } from "./bench.js";

const BAUD = 57_600;
const PIN = 13;

/** Virtual time that is measured, in milliseconds. */
const SATURATED_MS = 10_000;
const IDLE_MS = 600_000;

/** A little more than the wire carries in a second: 3 bytes each at 58 824 baud, of 10 bits. */
const WRITES_PER_MS = 2;
const CARRIED_PER_SECOND = 1_961;

/** What a sketch gives to a quicker wire at once, and how often, in milliseconds. */
const WRITES_AT_ONCE = 800;
const EVERY_MS = 50;

const US_PER_MS = 1_000;

/**
 * How much quicker than real time a stretch of virtual time was, on a core of its own: other work on the machine takes
 * nothing from the time that this process has used.
 */
async function quickness(ms: number, pass: (ms: number) => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await pass(ms);
  const { user, system } = process.cpuUsage(before);
  return (ms * US_PER_MS) / (user + system);
}

/** A session that writes more levels than its wire takes. */
async function saturated(firmware: string, share: number): Promise<number> {
  using time = new VirtualTime();
  time.install();
  const uno = exampleUno(time, firmware, BAUD);
  const session = await time.until(openSession({ link: uno }));
  const pin = new five.Pin({ pin: PIN, board: session.board });
  let [writes, edges] = [0, 0];
  uno.onEdge((edge) => {
    if (edge.pin === PIN) edges++;
  });
  session.board.ordered(PIN);
  const flood = setInterval(() => {
    for (let write = 0; write < WRITES_PER_MS; write++) pin.write(++writes % 2);
  }, 1);
  const speed = await quickness(SATURATED_MS * share, (ms) => time.advance(ms));
  clearInterval(flood);
  await time.until(session.close());
  const least = 0.95 * CARRIED_PER_SECOND * (SATURATED_MS / 1_000) * share;
  if (edges < least) throw new Error(`Cannot call the wire saturated: ${edges} edges, not ${least}`);
  return speed;
}

/** A sketch that floods its wire, at the speed that was agreed on. */
class Flood extends Sketch {
  override async setup({ board }: SketchContext): Promise<void> {
    const pin = new five.Pin({ pin: PIN, board });
    board.ordered(PIN);
    let writes = 0;
    const write = () => {
      for (let count = 0; count < WRITES_AT_ONCE; count++) pin.write(++writes % 2);
      this.clock.after(EVERY_MS, write);
    };
    write();
  }
}

class Idle extends Sketch {
  override setup({ board }: SketchContext): void {
    new five.Led({ pin: PIN, board }).off();
  }
}

class Blink extends Sketch {
  override setup({ board }: SketchContext): void {
    new five.Led({ pin: PIN, board }).blink(500);
  }
}

async function emulated(
  sketch: new () => Sketch,
  ms: number,
  firmware?: string | undefined,
): Promise<number> {
  await using rig = await emulate(DOORBELL_WIRING, { sketch, ...(firmware !== undefined && { firmware }) });
  return await quickness(ms, (each) => rig.advance(each));
}

const REAL = { unit: "×", peer: "real time", rounds: 3, theirs: async () => 1 } as const;

export const rows: readonly Row[] = [
  ...FIRMWARES.map(
    ({ name, hex, skip }): Row => ({
      ...REAL,
      claim: `virtual time, ${name} with a saturated wire of 57 600 baud`,
      ...(name === "CircuitFirmata" && { limit: { of: "ours", atLeast: 2.5 } as const }),
      ours: async (share) => saturated(await hex(), share),
      missing: () => skip || undefined,
    }),
  ),
  {
    ...REAL,
    claim: "virtual time, CircuitFirmata through emulate() with 16 000 writes a second",
    ours: (share) => emulated(Flood, SATURATED_MS * share),
  },
  {
    ...REAL,
    claim: "virtual time, CircuitFirmata through emulate(), idle",
    limit: { of: "ours", atLeast: 100 },
    ours: (share) => emulated(Idle, IDLE_MS * share),
  },
  {
    ...REAL,
    claim: "virtual time, CircuitFirmata through emulate(), blinking",
    ours: (share) => emulated(Blink, IDLE_MS * share),
  },
];

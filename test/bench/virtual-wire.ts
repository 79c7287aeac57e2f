import { openSession } from "../../src/board/session/session.js";
import { type CircuitDefinition, five, runCircuit, Sketch } from "../../src/index.js";
import { VirtualTime } from "../../src/testing.js";
import { exampleUno, FIRMWARES } from "../circuit/firmwares.js";
import type { Limit, Row } from "./bench.js";

/** 57 600 baud by an Uno's divider: 16 MHz / (16 × 17), 10 bits a byte. */
const BYTES_PER_SECOND = 16e6 / (16 * 17) / 10;
const WRITE_BYTES = 3;

const WRITES = 2_000;
const TICKS = 500;
const PIN = 13;
/** The chance of a 0, such that the piezo restarts each time; a level costs the wire the same either way. */
const ALWAYS_1 = 0;

/** Edges a second that alternating writes make, from the first write to the last edge. */
async function writesPerSecond(firmware: string, share: number): Promise<number> {
  using time = new VirtualTime();
  time.install();
  const uno = exampleUno(time, firmware);
  const session = await time.until(openSession({ link: uno }));
  const pin = new five.Pin({ pin: PIN, board: session.board });
  await time.until(session.board.confirm());
  let edges = 0;
  let lastUs = 0;
  uno.onEdge((edge) => {
    if (edge.pin !== PIN) return;
    edges++;
    lastUs = edge.atUs;
  });
  const writes = 2 * Math.ceil((WRITES * share) / 2);
  const startUs = uno.nowUs;
  for (let write = 0; write < writes; write++) pin.write((write + 1) % 2);
  await time.until(session.board.confirm());
  await time.until(session.close());
  if (edges !== writes) throw new Error(`Cannot count on the wire: ${writes} writes made ${edges} edges`);
  return (edges / (lastUs - startUs)) * 1e6;
}

/** A peer that answers at once. */
class Answer extends Sketch {
  override readonly usesBoard = false;
  override loop(): string {
    return "...";
  }
}

type Buzzer = NonNullable<CircuitDefinition["nodes"]>[string];

/** Half of the ticks of one bit each are acknowledged within so many milliseconds. */
async function tickToAckMs(firmware: string, buzzer: Buzzer, share: number): Promise<number> {
  using time = new VirtualTime();
  time.install();
  const circuit: CircuitDefinition = {
    nodes: {
      clock: { sketch: "clock", options: { ticks: Math.ceil(TICKS * share), delaySeconds: 0 } },
      iopin: { sketch: "iopin", options: { sequence: 1, chance: ALWAYS_1 } },
      buzzer,
    },
  };
  const running = runCircuit(circuit, { links: { board: exampleUno(time, firmware) } });
  return (await time.until(running)).p50Ms ?? Number.NaN;
}

/** Bytes that cross the wire one after the other for one confirmed bit, as time. */
function wireMs(bytes: number): number {
  return (bytes / BYTES_PER_SECOND) * 1_000;
}

/** What each firmware's confirmation takes, and what is asked of it. */
const BITS: Readonly<Record<string, { readonly bytes: number; readonly atMostMs: number }>> = {
  // The write; an echo of 3 bytes.
  CircuitFirmata: { bytes: WRITE_BYTES + 3, atMostMs: 1.2 },
  // The write; F0 6D pin F7; F0 6E pin mode value F7.
  StandardFirmata: { bytes: WRITE_BYTES + 4 + 6, atMostMs: 2.6 },
};

const EXACT = { rounds: 1 } as const;

/** At 57 600 baud in virtual time, against what the wire itself carries. */
export const rows: readonly Row[] = FIRMWARES.flatMap(({ name, skip, hex }) => {
  const missing = () => skip || undefined;
  const { bytes = 0, atMostMs = 0 } = BITS[name] ?? {};
  const bit = (claim: string, buzzer: Buzzer, limit?: Limit): Row => ({
    ...EXACT,
    claim: `${name}: one bit from tick to confirmed ack, p50, its peer ${claim}`,
    unit: "ms",
    peer: `${bytes} bytes on the wire`,
    ...(limit && { limit }),
    ours: async (share) => tickToAckMs(await hex(), buzzer, share),
    theirs: async () => wireMs(bytes),
    missing,
  });
  return [
    {
      ...EXACT,
      claim: `${name}: writes through Johnny-Five's Pin, none lost`,
      unit: "writes/s",
      peer: "what the wire carries",
      limit: { of: "ratio", atLeast: 0.97 },
      ours: async (share) => writesPerSecond(await hex(), share),
      theirs: async () => BYTES_PER_SECOND / WRITE_BYTES,
      missing,
    },
    bit("answering at once", { sketch: Answer }, { of: "ours", atMost: atMostMs }),
    bit("a piezo that restarts", { sketch: "buzzer" }),
  ];
});

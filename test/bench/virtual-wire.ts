import type { ByteLink } from "../../src/board/link/link.js";
import { openSession } from "../../src/board/session/session.js";
import { COMMAND } from "../../src/firmata/protocol.js";
import { type CircuitDefinition, five, runCircuit, Sketch } from "../../src/index.js";
import { VirtualTime } from "../../src/testing.js";
import { exampleUno, FIRMWARES } from "../circuit/firmwares.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { FIRMWARE_TOOLS, skipWithout } from "../native/tools.js";
import type { Limit, Row } from "./bench.js";

/** What the line keeps to, unless a row says otherwise; by an Uno's divider it is 16 MHz / (16 × 17), 10 bits a byte. */
const BAUD = 57_600;
const BYTES_PER_SECOND = 16e6 / (16 * 17) / 10;
const WRITE_BYTES = 3;

const WRITES = 2_000;
const TICKS = 500;
const PIN = 13;
const PWM_PIN = 3;
/** The chance of a 0, such that the piezo restarts each time; a level costs the wire the same either way. */
const ALWAYS_1 = 0;

/** Edges a second that alternating writes make, from the first write to the last edge. */
async function writesPerSecond(firmware: string, share: number, baud?: number): Promise<number> {
  using time = new VirtualTime();
  time.install();
  const uno = exampleUno(time, firmware, baud);
  const session = await time.until(openSession({ link: uno }));
  const pin = new five.Pin({ pin: PIN, board: session.board });
  session.board.ordered(PIN);
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

/** What a sketch writes that is too quick for the wire, each millisecond and for how long. */
const FLOOD_WRITES = 100;
const FLOOD_MS = 2_000;

/** The link, and how many messages that begin with this command it was given. */
function counting(link: ByteLink, command: number) {
  const counted = {
    messages: 0,
    address: link.address,
    bytesPerSecond: link.bytesPerSecond,
    open: link.open.bind(link),
    drain: link.drain.bind(link),
    close: link.close.bind(link),
    write(bytes: Uint8Array) {
      if (((bytes[0] ?? 0) & 0xf0) === command) counted.messages++;
      link.write(bytes);
    },
  };
  return counted;
}

/** Values a second that reach the board while a sketch writes 100 000. */
async function coalescedPerSecond(firmware: string, isAnalog: boolean, share: number): Promise<number> {
  using time = new VirtualTime();
  time.install();
  const link = counting(
    exampleUno(time, firmware, BAUD),
    isAnalog ? COMMAND.analogMessage : COMMAND.digitalMessage,
  );
  const session = await time.until(openSession({ link }));
  const { board } = session;
  board.pinMode(PIN, five.Pin.OUTPUT);
  board.pinMode(PWM_PIN, five.Pin.PWM);
  await time.until(board.confirm());
  let writes = 0;
  link.messages = 0;
  const startMs = time.nowMs;
  const flood = setInterval(() => {
    for (let write = 0; write < FLOOD_WRITES; write++) {
      writes++;
      if (isAnalog) board.analogWrite(PWM_PIN, writes % 256);
      else board.digitalWrite(PIN, writes % 2 ? 1 : 0);
    }
  }, 1);
  await time.advance(FLOOD_MS * share);
  clearInterval(flood);
  await time.until(board.confirm());
  const perSecond = (link.messages / (time.nowMs - startMs)) * 1_000;
  await time.until(session.close());
  return perSecond;
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
  const running = runCircuit(circuit, { links: { board: exampleUno(time, firmware, BAUD) } });
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

/** Our firmware at the speed that the session and it agree on, against StandardFirmata. */
const FAST: Row = {
  ...EXACT,
  claim:
    "CircuitFirmata: writes through Johnny-Five's Pin at the speed that is agreed on, ordered, none lost",
  unit: "writes/s",
  peer: "StandardFirmata at 57 600 baud",
  limit: { of: "ratio", atLeast: 7 },
  ours: (share) => writesPerSecond(CIRCUIT_UNO_HEX, share),
  theirs: async (share) => writesPerSecond(await standardFirmataHex(), share, BAUD),
  missing: () => skipWithout(...FIRMWARE_TOOLS) || undefined,
};

/** At 57 600 baud in virtual time, against what the wire itself carries. */
const AT_FIRST: readonly Row[] = FIRMWARES.flatMap(({ name, skip, hex }) => {
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
      claim: `${name}: writes through Johnny-Five's Pin, ordered, none lost`,
      unit: "writes/s",
      peer: "what the wire carries",
      limit: { of: "ratio", atLeast: 0.97 },
      ours: async (share) => writesPerSecond(await hex(), share, BAUD),
      theirs: async () => BYTES_PER_SECOND / WRITE_BYTES,
      missing,
    },
    ...[false, true].map(
      (isAnalog): Row => ({
        ...EXACT,
        claim: `${name}: ${isAnalog ? "PWM values" : "levels"} that reach the board while a sketch writes 100 000 a second`,
        unit: "writes/s",
        peer: "what the wire carries",
        limit: { of: "ratio", atLeast: 0.97 },
        ours: async (share) => coalescedPerSecond(await hex(), isAnalog, share),
        theirs: async () => BYTES_PER_SECOND / WRITE_BYTES,
        missing,
      }),
    ),
    bit("answering at once", { sketch: Answer }, { of: "ours", atMost: atMostMs }),
    bit("a piezo that restarts", { sketch: "buzzer" }),
  ];
});

export const rows: readonly Row[] = [...AT_FIRST, FAST];

import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { ByteLink, LinkEvents } from "../../src/board/link/link.js";
import { Firmata, type FirmataIo } from "../../src/board/session/johnny-five.js";
import { COMMAND } from "../../src/firmata/protocol.js";
import { encodeToHost } from "../../src/firmata/to-host.js";
import { five } from "../../src/index.js";
import { MockBoard, openSession } from "../../src/testing.js";
import { medianOf, type Row } from "./bench.js";

const PIN = 13;
const WRITES = 100_000;
const CONFIRMED_WRITES = 20_000;

/** What the board answers when it is asked how far it has come. */
const VERSION = encodeToHost({ type: "version", major: 2, minor: 5 });

/** The mock board, until nobody listens any more; then nothing is executed, and nothing answered but how far it is. */
class Line implements ByteLink {
  readonly address = "mock";
  readonly bytesPerSecond: number;
  readonly #board = new MockBoard({ firmware: "standard" });
  #events: LinkEvents | undefined;
  isCut = false;
  messages = 0;
  lastMs = 0;

  constructor(bytesPerSecond = Number.POSITIVE_INFINITY) {
    this.bytesPerSecond = bytesPerSecond;
  }

  open(events: LinkEvents): Promise<void> {
    this.#events = events;
    return this.#board.open(events);
  }

  write(bytes: Uint8Array): void {
    this.lastMs = performance.now();
    this.messages++;
    if (!this.isCut) this.#board.write(bytes);
    else if (bytes[0] === COMMAND.reportVersion) this.#events?.data(VERSION);
  }

  drain(): Promise<void> {
    return this.#board.drain();
  }

  close(): Promise<void> {
    return this.#board.close();
  }
}

interface Ready {
  readonly line: Line;
  readonly pin: { write(level: number): unknown };
}

/** Johnny-Five's Pin on our session. */
async function openOurs(): Promise<Ready> {
  const line = new Line();
  const { board } = await openSession({ link: line });
  return { line, pin: new five.Pin({ pin: PIN, board }) };
}

interface BareIo extends FirmataIo {
  digitalWrite(pin: number, level: number): void;
  queryPinState(pin: number, answered: () => void): void;
}

/** firmata-io alone on the line. */
async function openBare(): Promise<{ readonly line: Line; readonly io: BareIo }> {
  const line = new Line();
  const transport = Object.assign(new EventEmitter(), {
    write(bytes: Uint8Array, written: () => void) {
      line.write(bytes);
      written?.();
    },
  });
  // The cast: these two are methods of every firmata-io, which has no types.
  const io = new Firmata(transport, { reportVersionTimeout: 1_000 }) as BareIo;
  const ready = once(io, "ready");
  await line.open({ data: (bytes) => transport.emit("data", bytes), lost: () => {} });
  transport.emit("open");
  await ready;
  clearTimeout(io.reportVersionTimeoutId);
  return { line, io };
}

/** Johnny-Five's Pin on firmata-io, without a session. */
async function openTheirs(): Promise<Ready> {
  const { line, io } = await openBare();
  // The cast: `sigint` is missing in the types.
  const options = { io, repl: false, debug: false, sigint: false } as ConstructorParameters<
    typeof five.Board
  >[0];
  const board = new five.Board(options);
  await new Promise<void>((resolve) => board.on("ready", resolve));
  return { line, pin: new five.Pin({ pin: PIN, board }) };
}

async function messagesPerWrite(open: () => Promise<Ready>, share: number): Promise<number> {
  const { line, pin } = await open();
  line.isCut = true;
  line.messages = 0;
  const writes = Math.ceil(WRITES * share);
  for (let write = 0; write < writes; write++) pin.write(write % 2);
  return line.messages / writes;
}

async function perSecond(times: number, act: (level: 0 | 1) => void | Promise<void>): Promise<number> {
  const run = async (count: number) => {
    for (let time = 0; time < count; time++) {
      const done = act(time % 2 ? 1 : 0);
      if (done) await done;
    }
  };
  await run(times / 2);
  const startMs = performance.now();
  await run(times);
  return (times / (performance.now() - startMs)) * 1_000;
}

async function writesPerSecond(open: () => Promise<Ready>, share: number): Promise<number> {
  const { line, pin } = await open();
  line.isCut = true;
  return perSecond(WRITES * share, (level) => {
    pin.write(level);
  });
}

async function confirmedPerSecond(share: number): Promise<number> {
  const { board } = await openSession({ link: new MockBoard() });
  const pin = new five.Pin({ pin: PIN, board });
  return perSecond(CONFIRMED_WRITES * share, (level) => {
    pin.write(level);
    return board.confirm();
  });
}

async function queriedPerSecond(share: number): Promise<number> {
  const { io } = await openBare();
  return perSecond(CONFIRMED_WRITES * share, (level) => {
    io.digitalWrite(PIN, level);
    return new Promise((resolve) => io.queryPinState(PIN, resolve));
  });
}

async function bareWritesPerSecond(share: number): Promise<number> {
  const { line, io } = await openBare();
  line.isCut = true;
  return perSecond(WRITES * share, (level) => io.digitalWrite(PIN, level));
}

/** A line at 57 600 baud, and a write onto it at a moment at which it is quiet. */
const SERIAL_BYTES_PER_SECOND = 5_760;
const LONE_WRITES = 400;
const QUIET_MS = 2;

/** Half of the lone digital writes take no longer than this from the call to the line, in microseconds. */
async function loneWriteUs(
  line: Line,
  io: { digitalWrite(pin: number, level: 0 | 1): unknown },
  share: number,
): Promise<number> {
  line.isCut = true;
  const delaysUs: number[] = [];
  for (let write = 0; write < LONE_WRITES * share; write++) {
    await sleep(QUIET_MS);
    const startMs = performance.now();
    io.digitalWrite(PIN, write % 2 ? 1 : 0);
    delaysUs.push((line.lastMs - startMs) * 1_000);
  }
  return medianOf(delaysUs);
}

async function sessionLoneWriteUs(share: number): Promise<number> {
  const line = new Line(SERIAL_BYTES_PER_SECOND);
  const { board } = await openSession({ link: line });
  board.pinMode(PIN, five.Pin.OUTPUT);
  return loneWriteUs(line, board, share);
}

async function bareLoneWriteUs(share: number): Promise<number> {
  const { line, io } = await openBare();
  return loneWriteUs(line, io, share);
}

/** What the session adds to Johnny-Five and firmata-io, and what it saves. */
export const rows: readonly Row[] = [
  {
    claim: "messages on the wire for each write of Johnny-Five's Pin",
    unit: "messages",
    peer: "without a session",
    // Half as many, and a question each 512 bytes.
    limit: { of: "ratio", atMost: 0.505 },
    rounds: 1,
    ours: (share) => messagesPerWrite(openOurs, share),
    theirs: (share) => messagesPerWrite(openTheirs, share),
  },
  {
    claim: "a lone digital write, from Johnny-Five's board to a line that is quiet, p50",
    unit: "µs",
    peer: "firmata-io alone",
    limit: { of: "difference", atMost: 50 },
    ours: sessionLoneWriteUs,
    theirs: bareLoneWriteUs,
  },
  {
    claim: "writes of Johnny-Five's Pin onto a line that takes all",
    unit: "writes/s",
    peer: "without a session",
    ours: (share) => writesPerSecond(openOurs, share),
    theirs: (share) => writesPerSecond(openTheirs, share),
  },
  {
    claim: "writes confirmed one by one, on the mock board",
    unit: "writes/s",
    peer: "firmata-io's queryPinState() on the mock board",
    ours: confirmedPerSecond,
    theirs: queriedPerSecond,
  },
  {
    claim: "writes confirmed one by one, on the mock board",
    unit: "writes/s",
    peer: "firmata-io's digitalWrite() onto a line that takes all",
    ours: confirmedPerSecond,
    theirs: bareWritesPerSecond,
  },
];

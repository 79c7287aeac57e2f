// The thread that a paced Uno runs in. It never returns to its event loop: between slices it sleeps on a shared
// word that the main side touches when it has posted something, so a byte from the host wakes it at once.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { CYCLES_PER_US } from "./baud.js";
import type { Level } from "./pins.js";
import { Uno } from "./uno.js";

/** What the thread is started with. */
export interface PacedStart {
  readonly program: Uint16Array;
  readonly hostBaud: number;
  /** One 32-bit word; the main side adds to it and notifies after each message. */
  readonly wake: Int32Array;
}

/** What the main side tells the thread. */
export type PacedRequest =
  | { readonly do: "write"; readonly bytes: Uint8Array }
  | { readonly do: "baud"; readonly baud: number }
  | { readonly do: "level"; readonly pin: number; readonly level: Level | undefined }
  | { readonly do: "voltage"; readonly channel: number; readonly volts: number | undefined }
  | { readonly do: "answer"; readonly address: number }
  | { readonly do: "reset" };

/** What happened in the thread since its last report. */
export interface PacedReport {
  readonly nowUs: number;
  /** Bytes of the host that have reached the chip, since the beginning. */
  readonly arrived: number;
  readonly bytes: Uint8Array;
  /** Three numbers an edge: pin, level, microseconds. */
  readonly edges: Float64Array;
  /** Two numbers for each byte that a device on the I2C bus took: its address, the byte. */
  readonly twi: Uint8Array;
}

const CYCLES_PER_MS = 1_000 * CYCLES_PER_US;

/** Firmware that does not sleep may begin a byte at any time, so it is looked at this often, in milliseconds. */
const BUSY_SLICE_MS = 1;

/** While it sleeps and the wire is quiet: what an Uno's USB chip may hold a byte back anyway, in milliseconds. */
const IDLE_SLICE_MS = 4;

/** Shortest sleep, in milliseconds: a byte and a half, so that a full wire does not cost a wake-up for each. */
const SHORTEST_WAIT_MS = 0.25;

/** The board stands still for what is beyond this after a suspended laptop, in milliseconds, instead of racing. */
const LONGEST_CATCH_UP_MS = 50;

/** A report comes at least this often, so that a tone is known to have ended, in milliseconds of the board. */
const HEARTBEAT_MS = 50;

class PacedThread {
  readonly #uno: Uno;
  readonly #wake: Int32Array;
  readonly #port: NonNullable<typeof parentPort>;
  readonly #bytes: number[] = [];
  readonly #edges: number[] = [];
  readonly #twi: number[] = [];
  /** Moment of the real clock at which cycle 0 was, or would have been. */
  #originMs = performance.now();
  #received = 0;
  #reported = 0;
  #reportedCycle = 0;

  constructor({ program, hostBaud, wake }: PacedStart, port: NonNullable<typeof parentPort>) {
    this.#uno = new Uno({ program, hostBaud });
    this.#wake = wake;
    this.#port = port;
    this.#uno.line.onByte = (byte) => this.#bytes.push(byte);
    this.#uno.onTwiByte = (address, value) => this.#twi.push(address, value);
    this.#uno.onEdge = ({ pin, level, atUs }) => this.#edges.push(pin, level, atUs);
  }

  /** Runs until the thread is terminated. */
  run(): never {
    this.#post();
    for (;;) {
      const seen = Atomics.load(this.#wake, 0);
      this.#catchUp();
      this.#takeRequests();
      this.#report();
      Atomics.wait(this.#wake, 0, seen, this.#waitMs());
    }
  }

  #catchUp(): void {
    const nowMs = performance.now();
    const behindMs = nowMs - this.#originMs - this.#uno.cycles / CYCLES_PER_MS;
    if (behindMs > LONGEST_CATCH_UP_MS) this.#originMs += behindMs - LONGEST_CATCH_UP_MS;
    this.#uno.run(Math.floor((nowMs - this.#originMs) * CYCLES_PER_MS));
  }

  #takeRequests(): void {
    for (let found = receiveMessageOnPort(this.#port); found; found = receiveMessageOnPort(this.#port)) {
      // Only `PacedUno` posts here, and only this type.
      const request = found.message as PacedRequest;
      if (request.do === "write") {
        this.#received += request.bytes.length;
        this.#uno.line.write(request.bytes);
      } else if (request.do === "baud") this.#uno.line.setHostBaud(request.baud);
      else if (request.do === "level") this.#uno.setLevel(request.pin, request.level);
      else if (request.do === "voltage") this.#uno.setVoltage(request.channel, request.volts);
      else if (request.do === "answer") this.#uno.answerTo(request.address);
      else this.#uno.reset();
    }
  }

  /** Milliseconds until something may have to be told. */
  #waitMs(): number {
    const { line, cycles, asleep } = this.#uno;
    const sliceMs = asleep && !line.busy ? IDLE_SLICE_MS : BUSY_SLICE_MS;
    const dueCycle = Math.min(line.nextByteAt, cycles + sliceMs * CYCLES_PER_MS);
    const dueMs = this.#originMs + dueCycle / CYCLES_PER_MS - performance.now();
    return Math.max(SHORTEST_WAIT_MS, dueMs);
  }

  #report(): void {
    const arrived = this.#received - this.#uno.line.pending;
    const heartbeat = this.#uno.cycles - this.#reportedCycle >= HEARTBEAT_MS * CYCLES_PER_MS;
    if (this.#bytes.length > 0 || this.#edges.length > 0 || arrived !== this.#reported || heartbeat)
      this.#post();
  }

  #post(): void {
    this.#reported = this.#received - this.#uno.line.pending;
    this.#reportedCycle = this.#uno.cycles;
    const report: PacedReport = {
      nowUs: this.#uno.cycles / CYCLES_PER_US,
      arrived: this.#reported,
      bytes: Uint8Array.from(this.#bytes.splice(0)),
      edges: Float64Array.from(this.#edges.splice(0)),
      twi: Uint8Array.from(this.#twi.splice(0)),
    };
    const { bytes, edges, twi } = report;
    this.#port.postMessage(report, [bytes.buffer, edges.buffer, twi.buffer] as ArrayBuffer[]);
  }
}

// Only `PacedUno` starts this file, and only with this.
if (parentPort) new PacedThread(workerData as PacedStart, parentPort).run();

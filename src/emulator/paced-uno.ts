import { Worker } from "node:worker_threads";
import type { LinkEvents, OpenLinkOptions } from "../board/link/link.js";
import { CircuitError, messageOf } from "../core/error.js";
import { BITS_PER_BYTE, CLOCK_HZ, hostCyclesPerBit } from "./baud.js";
import { type EmulatedLink, type EmulatedUnoOptions, FIRST_BAUD } from "./emulated-link.js";
import { readFirmware } from "./firmware.js";
import type { PacedReport, PacedRequest, PacedStart } from "./paced-worker.js";
import type { PartState, ThermistorFault } from "./part.js";
import { Parts } from "./parts.js";
import type { Edge, Level } from "./pins.js";
import type { Pitch } from "./pitch.js";

/**
 * An Uno at the pace of real time, in a thread of its own so that the host's work does not bend its pitch.
 *
 * When the machine cannot keep up, or was suspended, the board's time stands still meanwhile.
 */
export class PacedUno implements EmulatedLink {
  readonly address: string;
  readonly setBaud?: (baud: number) => Promise<void>;
  readonly #firmware: string | Uint8Array | undefined;
  readonly #parts: Parts;
  readonly #listeners = new Set<(edge: Edge) => void>();
  readonly #wake = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** What was asked before the thread was there: the wiring drives pins from the beginning. */
  readonly #early: PacedRequest[] = [];
  #drained: { readonly written: number; resolve(): void }[] = [];
  #baud: number;
  #worker: Worker | undefined;
  #closed = false;
  #nowUs = 0;
  #written = 0;
  #arrived = 0;

  constructor({ address = "sim:uno", firmware, attachments = [], baud }: EmulatedUnoOptions = {}) {
    this.address = address;
    this.#baud = baud ?? FIRST_BAUD;
    if (baud === undefined) this.setBaud = async (wanted) => this.#changeBaud(wanted);
    this.#firmware = firmware;
    this.#parts = new Parts(attachments, {
      setLevel: (pin, level) => this.#ask({ do: "level", pin, level }),
      setVoltage: (channel, volts) => this.#ask({ do: "voltage", channel, volts }),
      answerTo: (address) => this.#ask({ do: "answer", address }),
    });
  }

  get bytesPerSecond(): number {
    return CLOCK_HZ / (BITS_PER_BYTE * hostCyclesPerBit(this.#baud));
  }

  get nowUs(): number {
    return this.#nowUs;
  }

  get parts(): readonly PartState[] {
    return this.#parts.states(this.#nowUs);
  }

  /** @throws {CircuitError} `FIRMWARE_INVALID`, `FILE_FAILED` or `LINK_FAILED`. */
  async open(events: LinkEvents, { signal }: OpenLinkOptions): Promise<void> {
    signal.throwIfAborted();
    const start: PacedStart = {
      program: readFirmware(this.#firmware),
      hostBaud: this.#baud,
      wake: this.#wake,
    };
    const worker = new Worker(new URL("./paced-worker.js", import.meta.url), { workerData: start });
    this.#worker = worker;
    for (const request of this.#early.splice(0)) this.#ask(request);
    try {
      await firstReport(worker, signal);
    } catch (problem) {
      await this.close();
      signal.throwIfAborted();
      throw this.#failed(problem);
    }
    const lose = (problem: unknown) => {
      if (this.#closed) return;
      void this.close();
      events.lost(this.#failed(problem));
    };
    worker.on("message", (report: PacedReport) => this.#take(report, events));
    worker.once("error", lose);
    worker.once("exit", (code) => lose(`its thread ended with code ${code}`));
  }

  write(bytes: Uint8Array): void {
    if (!this.#worker || this.#closed) return;
    this.#written += bytes.length;
    this.#ask({ do: "write", bytes });
  }

  drain(): Promise<void> {
    if (this.#closed || this.#arrived >= this.#written) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push({ written: this.#written, resolve }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { resolve } of this.#drained.splice(0)) resolve();
    await this.#worker?.terminate();
  }

  onEdge(listener: (edge: Edge) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onTone(buzzer: string, listener: (tone: Pitch) => void): void {
    this.#parts.onTone(buzzer, listener);
  }

  press(button: string): void {
    this.#parts.press(button, true);
  }

  release(button: string): void {
    this.#parts.press(button, false);
  }

  turn(potentiometer: string, ratio: number): void {
    this.#parts.turn(potentiometer, ratio);
  }

  warm(thermistor: string, celsius: number): void {
    this.#parts.warm(thermistor, celsius);
  }

  damage(thermistor: string, fault: ThermistorFault | undefined): void {
    this.#parts.damage(thermistor, fault);
  }

  reset(): void {
    this.#ask({ do: "reset" });
  }

  #changeBaud(baud: number): void {
    if (!this.#worker || this.#closed) return;
    this.#baud = baud;
    this.#ask({ do: "baud", baud });
  }

  #ask(request: PacedRequest): void {
    if (this.#closed) return;
    if (!this.#worker) {
      this.#early.push(request);
      return;
    }
    this.#worker.postMessage(request);
    Atomics.add(this.#wake, 0, 1);
    Atomics.notify(this.#wake, 0);
  }

  #take({ nowUs, arrived, bytes, edges, twi }: PacedReport, events: LinkEvents): void {
    if (this.#closed) return;
    this.#nowUs = nowUs;
    this.#arrived = arrived;
    for (let index = 0; index + 2 < edges.length; index += 3) {
      const level: Level = edges[index + 1] === 1 ? 1 : 0;
      const edge = { pin: edges[index] ?? 0, level, atUs: edges[index + 2] ?? 0 };
      this.#parts.edge(edge);
      for (const listener of [...this.#listeners]) listener(edge);
    }
    for (let index = 0; index + 1 < twi.length; index += 2)
      this.#parts.wrote(twi[index] ?? 0, twi[index + 1] ?? 0);
    this.#parts.passTo(nowUs);
    if (bytes.length > 0) events.data(bytes);
    while (this.#drained[0] && this.#drained[0].written <= arrived) this.#drained.shift()?.resolve();
  }

  #failed(problem: unknown): CircuitError {
    return new CircuitError("LINK_FAILED", `Cannot run ${this.address}: ${messageOf(problem)}`, {
      hint: "Report this with the firmware that was running",
      cause: problem,
    });
  }
}

/** Resolves when the thread has told that it runs. The report is an empty one. */
function firstReport(worker: Worker, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const forget = () => {
      signal.removeEventListener("abort", abort);
      worker.off("error", reject);
    };
    signal.addEventListener("abort", abort, { once: true });
    worker.once("error", reject);
    worker.once("message", () => {
      forget();
      resolve();
    });
  });
}

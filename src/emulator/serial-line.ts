import type { CPU } from "avr8js";
import { BITS_PER_BYTE, FrameReader, hostCyclesPerBit } from "./baud.js";
import { Usart } from "./usart.js";

/** Sent bytes kept at the front of the queue before it is cut: often enough to stay small, rarely enough to be cheap. */
const QUEUE_CUT_BYTES = 4_096;

/**
 * The wire between the host (an Uno's USB chip) and the chip's USART, in both directions.
 *
 * A byte reaches its receiver when its stop bit has ended: ten bit times of its sender after its start. The host
 * sends back to back at its own rate; what has not begun waits here and not in the chip.
 */
export class SerialLine {
  /** Told each byte that the host read from the chip, at its end. */
  onByte: (value: number) => void = () => {};

  #hostBit: number;
  readonly #fromHost = new FrameReader();
  readonly #fromChip = new FrameReader();
  #cpu: CPU | undefined;
  #usart: Usart | undefined;
  #queue: number[] = [];
  #next = 0;
  #sending = false;
  #startedAt = 0;
  /** Of the byte that the host is sending. */
  #sendingBit = 0;

  /** @param hostBaud Nominal rate of the host; the true one is what its divisor gives. */
  constructor(hostBaud: number) {
    this.#hostBit = hostCyclesPerBit(hostBaud);
  }

  /** Sets the host's rate, for the next byte that it sends and reads; one that it is sending keeps its own. */
  setHostBaud(baud: number): void {
    this.#hostBit = hostCyclesPerBit(baud);
  }

  /** Bytes that the host sends in a second. */
  get bytesPerSecond(): number {
    return 16_000_000 / (BITS_PER_BYTE * this.#hostBit);
  }

  /** Bytes of the host that have not ended yet. */
  get pending(): number {
    return this.#queue.length - this.#next;
  }

  /** Earliest cycle at which the host may read its next byte, however the firmware behaves from `wakesAt` on. */
  earliestByteAt(wakesAt: number): number {
    const usart = this.#usart;
    if (!usart) return Infinity;
    return Math.min(usart.leavesAt, wakesAt + BITS_PER_BYTE * usart.cyclesPerBit);
  }

  /** Whether a byte is on the wire in either direction. */
  get busy(): boolean {
    return this.#sending || this.#usart?.leavesAt !== Infinity;
  }

  /** Cycle at which the next byte, in either direction, will have ended; `Infinity` on a quiet line. */
  get nextByteAt(): number {
    return Math.min(this.#sending ? this.#endsAt : Infinity, this.#usart?.leavesAt ?? Infinity);
  }

  /** Cycle at which the byte that the host is sending will have ended. */
  get #endsAt(): number {
    return this.#startedAt + BITS_PER_BYTE * this.#sendingBit;
  }

  /** Connects a chip, a new one after each reset. A byte that is under way goes on. */
  attach(cpu: CPU): void {
    this.#cpu = cpu;
    this.#usart = new Usart(cpu, (value, startedAt, bit) => {
      for (const read of this.#fromChip.read(value, startedAt, bit, this.#hostBit)) this.onByte(read.value);
    });
    if (this.#sending) cpu.addClockEvent(this.#ended, this.#endsAt - cpu.cycles);
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.#queue.push(byte);
    if (!this.#sending && this.#cpu) this.#begin(this.#cpu.cycles);
  }

  #begin(at: number): void {
    if (this.#next >= this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
      return;
    }
    this.#sending = true;
    this.#startedAt = at;
    this.#sendingBit = this.#hostBit;
    this.#usart?.startBit();
    this.#cpu?.addClockEvent(this.#ended, this.#endsAt - this.#cpu.cycles);
  }

  readonly #ended = (): void => {
    const usart = this.#usart;
    const value = this.#queue[this.#next++] ?? 0;
    if (this.#next >= QUEUE_CUT_BYTES) {
      this.#queue.splice(0, this.#next);
      this.#next = 0;
    }
    this.#sending = false;
    if (usart)
      for (const read of this.#fromHost.read(value, this.#startedAt, this.#sendingBit, usart.cyclesPerBit)) {
        usart.startBit();
        usart.receive(read);
      }
    this.#begin(this.#endsAt);
  };
}

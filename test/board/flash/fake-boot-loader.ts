import type { LinkEvents, SerialLink } from "../../../src/board/link/link.js";
import { CircuitError } from "../../../src/core/error.js";

/** What is wrong with a board that is flashed. */
export interface Fault {
  /** It answers at this rate only; 115 200 by default. */
  readonly baud?: number;
  readonly signature?: readonly number[];
  /** Changes what it says: the answer number `index`, from 0. */
  readonly answer?: (bytes: number[], index: number) => number[];
  /** The cable goes after so many bytes to the board. */
  readonly cutAfterSent?: number;
  /** The cable goes after so many bytes from the board. */
  readonly cutAfterHeard?: number;
  /** A bit of this address cannot be set to 0. */
  readonly stuckAt?: number;
}

/** Lengths of the commands of STK500 that are understood, with their end; that of a written page says its own. */
const LENGTHS: Readonly<Record<number, number>> = { 48: 2, 80: 2, 81: 2, 117: 2, 85: 4, 116: 5 };

/** A chip with a boot loader, its memory, and ports that lead to it one after the other. */
export class FakeChip {
  readonly memory = new Uint8Array(32_768).fill(0xff);
  readonly asked: string[] = [];
  hasStarted = false;
  opened = 0;
  closed = 0;

  port(baud: number, fault: Fault = {}): SerialLink {
    return new FakePort(this, baud, fault);
  }
}

class FakePort implements SerialLink {
  readonly address = "/dev/fake";
  readonly bytesPerSecond: number;
  readonly #chip: FakeChip;
  readonly #fault: Fault;
  readonly #isHeard: boolean;
  #events: LinkEvents | undefined;
  #input: number[] = [];
  #sent = 0;
  #heard = 0;
  #answers = 0;
  #address = 0;
  #isReset = false;
  #wasOff = false;

  constructor(chip: FakeChip, baud: number, fault: Fault) {
    this.#chip = chip;
    this.#fault = fault;
    this.bytesPerSecond = baud / 10;
    this.#isHeard = baud === (fault.baud ?? 115_200);
  }

  async open(events: LinkEvents): Promise<void> {
    this.#chip.opened++;
    this.#events = events;
  }

  async setLines(isOn: boolean): Promise<void> {
    if (isOn && this.#wasOff) this.#isReset = true;
    this.#wasOff = !isOn;
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (!this.#events) return;
      this.#sent++;
      if (this.#isHeard && this.#isReset) this.#take(byte);
      if (this.#sent === this.#fault.cutAfterSent) this.#cut();
    }
  }

  async drain(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#events) this.#chip.closed++;
    this.#events = undefined;
  }

  #cut(): void {
    const events = this.#events;
    this.#events = undefined;
    this.#chip.closed++;
    events?.lost(
      new CircuitError("BOARD_LOST", "Cannot reach the board on /dev/fake any more: the port has gone"),
    );
  }

  #take(byte: number): void {
    this.#input.push(byte);
    const [command = 0, high = 0, low = 0] = this.#input;
    const isPage = command === 0x64;
    // As Optiboot does it: the page is erased before its bytes are there.
    if (isPage && this.#input.length === 4) this.#chip.memory.fill(0xff, this.#address, this.#address + 128);
    const length = isPage ? 5 + high * 256 + low : LENGTHS[command];
    if (length === undefined) throw new Error(`No boot loader knows the command ${command}`);
    if (this.#input.length < length || (isPage && this.#input.length < 5)) return;
    const whole = this.#input;
    this.#input = [];
    this.#say(whole.at(-1) === 0x20 ? [0x14, ...this.#execute(whole), 0x10] : [0x15]);
  }

  #execute([command = 0, first = 0, second = 0, , ...rest]: readonly number[]): readonly number[] {
    const { memory, asked } = this.#chip;
    asked.push(String.fromCharCode(command));
    const at = this.#address;
    if (command === 0x55) this.#address = (first | (second << 8)) * 2;
    if (command === 0x75) return this.#fault.signature ?? [0x1e, 0x95, 0x0f];
    if (command === 0x74) return [...memory.subarray(at, at + first * 256 + second)];
    if (command === 0x51) this.#chip.hasStarted = true;
    if (command === 0x64) {
      memory.set(rest.slice(0, -1), at);
      const { stuckAt = -1 } = this.#fault;
      if (stuckAt >= at && stuckAt < at + 128) memory[stuckAt] = (memory[stuckAt] ?? 0) ^ 1;
    }
    return [];
  }

  #say(bytes: number[]): void {
    const answer = this.#fault.answer?.(bytes, this.#answers) ?? bytes;
    this.#answers++;
    queueMicrotask(() => {
      for (const byte of answer) {
        this.#events?.data(Uint8Array.of(byte));
        this.#heard++;
        if (this.#heard === this.#fault.cutAfterHeard) this.#cut();
      }
    });
  }
}

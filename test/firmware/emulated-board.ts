import { readFirmware } from "../../src/emulator/firmware.js";
import type { Edge } from "../../src/emulator/pins.js";
import { Uno } from "../../src/emulator/uno.js";
import { CIRCUIT_UNO_HEX } from "../native/native.js";

const CYCLES_PER_MS = 16_000;

/** Longer than the firmware's greeting, in milliseconds. */
const GREETING_MS = 15;

/** Longer than any answer takes at 57 600 baud, in milliseconds: 255 bytes waiting and as many more. */
const ANSWER_MS = 100;

export const PING = (number: number) => [0xf0, 1, 2, number, 0xf7];
export const SPEED = (code: number) => [0xf0, 1, 3, code, 0xf7];
/** Speeds by their codes. */
export const BAUDS = [57_600, 500_000, 1_000_000] as const;

let program: Uint16Array<ArrayBuffer> | undefined;

/** An Uno on the emulator that runs our firmware and has greeted, byte by byte and in its own time. */
export class EmulatedBoard {
  readonly uno: Uno;
  readonly edges: Edge[] = [];
  /** Told each byte of the board's. */
  onByte: (byte: number) => void = () => {};
  #received: number[] = [];

  constructor() {
    program ??= Uint16Array.from(readFirmware(CIRCUIT_UNO_HEX));
    this.uno = new Uno({ program });
    this.uno.line.onByte = (byte) => {
      this.#received.push(byte);
      this.onByte(byte);
    };
    this.uno.onEdge = (edge) => this.edges.push(edge);
    this.passMs(GREETING_MS);
    this.take();
  }

  get nowMs(): number {
    return this.uno.cycles / CYCLES_PER_MS;
  }

  send(...bytes: number[]): void {
    this.uno.line.write(Uint8Array.from(bytes));
  }

  passMs(ms: number): void {
    this.uno.run(this.uno.cycles + ms * CYCLES_PER_MS);
  }

  /** What the board has said since this was asked last. */
  take(): number[] {
    return this.#received.splice(0);
  }

  /** Sends bytes, and gives what the board has said within `ms`. */
  ask(bytes: readonly number[], ms = ANSWER_MS): number[] {
    this.send(...bytes);
    this.passMs(ms);
    return this.take();
  }

  /** Sets the speed of the host's end alone. */
  setHost(code: number): void {
    this.uno.line.setHostBaud(BAUDS[code] ?? 0);
  }

  /** Has the speed changed at both ends, and proves it. */
  agree(code: number): void {
    this.ask(SPEED(code), 5);
    this.setHost(code);
    this.ask(PING(1), 5);
  }

  /** Edges of a pin, and forgets all. */
  edgesOf(pin: number): Edge[] {
    return this.edges.splice(0).filter((edge) => edge.pin === pin);
  }
}

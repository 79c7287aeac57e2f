import { CircuitError } from "../../../core/error.js";
import { COMMAND, SYSEX } from "../../../firmata/protocol.js";

/** Of an I2C request's flags: what it is for. */
const I2C_MODE = 0x18;
const I2C_WRITE = 0x00;
const I2C_READ_ONCE = 0x08;

/** Messages that a board is told again when it is back, or that ask it something which nobody waits for then. */
const KNOWN: ReadonlySet<number> = new Set([
  SYSEX.circuit,
  SYSEX.tone,
  SYSEX.analogMappingQuery,
  SYSEX.capabilityQuery,
  SYSEX.pinStateQuery,
  SYSEX.extendedAnalog,
  SYSEX.servoConfig,
  SYSEX.i2cConfig,
  SYSEX.reportFirmware,
  SYSEX.samplingInterval,
]);

/** Whether a message does something once, and leaves nothing that could be asked for or brought back: I2C, a string. */
export function isOneShot([first, command = 0, , flags = 0]: Uint8Array): boolean {
  if (first !== COMMAND.startSysex || KNOWN.has(command)) return false;
  const mode = flags & I2C_MODE;
  return command !== SYSEX.i2cRequest || mode === I2C_WRITE || mode === I2C_READ_ONCE;
}

/** Messages that were lost because a board was away, and that it is not told again. */
export class Missed {
  readonly #address: () => string;
  readonly #notice: (text: string) => void;
  #count = 0;
  #isTold = false;
  /** Somebody is to hear of it who wants to have them confirmed. */
  #isDue = false;

  constructor(address: () => string, notice: (text: string) => void) {
    this.#address = address;
    this.#notice = notice;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** The board has gone: who is told, is told of this time only. */
  begin(): void {
    this.#isTold = false;
  }

  /** So many more; that there are any is told once. */
  add(messages: number): void {
    if (messages === 0) return;
    this.#count += messages;
    this.#isDue = true;
    if (this.#isTold) return;
    this.#isTold = true;
    this.#notice(
      `The board on ${this.#address()} misses messages that it is not told again, such as I2C, strings and earlier values of ordered pins`,
    );
  }

  /** Of those that were under way, some may have been lost. */
  addPerhaps(): void {
    this.#isDue = true;
  }

  /** Why what was sent until now cannot be confirmed; told once. */
  takeFailure(): CircuitError | undefined {
    if (!this.#isDue) return undefined;
    this.#isDue = false;
    return missedMessages(this.#address());
  }
}

/** Somebody waits for a message to be confirmed that may have been lost. */
export function missedMessages(address: string): CircuitError {
  return new CircuitError(
    "BOARD_LOST",
    `Cannot confirm a message to the board on ${address}: it was away, and is not told again what cannot be brought back`,
    { hint: "Send it again when the board is back (board.on('restored'))." },
  );
}

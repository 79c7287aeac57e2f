import { COMMAND, PIN_MODE } from "../../../firmata/protocol.js";
import { decodeToBoard, type ToBoard } from "../../../firmata/to-board.js";
import type { PinState } from "../running-board.js";

/** What a pin was last told. */
export interface PinRecord {
  readonly pin: number;
  /** `undefined` until a mode has been set: what the pin is then, only the board knows. */
  mode: number | undefined;
  /** Last value written: a level, a PWM or servo value, or a tone in whole hertz. */
  value: number;
  /** Whether one was written since the mode was set. */
  isWritten: boolean;
  /** The mode or a value that only a query can prove has been sent since the last confirmation. */
  queryDue: boolean;
  /** A level has been written since the last confirmation. */
  levelDue: boolean;
}

/** What is to be confirmed. */
export interface Due {
  /** All pins that were told something, as they are to be. */
  readonly pins: readonly PinRecord[];
  /** Those of them that are to be asked for. */
  readonly queries: readonly PinRecord[];
  /** Whether echoes are to be waited for. */
  readonly levels: boolean;
}

/** One digital write on its way to the board. */
export interface DigitalWrite {
  readonly port: number;
  /** Levels of the port's pins, lowest bit first. While it waits, a later write may take its place. */
  levels: number;
  /** A bit for each of the port's pins that had another level before. */
  readonly changed: number;
  /** A bit for each of the port's pins that was made an output: its level is known. */
  readonly outputs: number;
}

/** What became of a message that was offered for sending. */
export interface Remembered {
  /** The message changes nothing and need not be sent. */
  readonly redundant: boolean;
  /** Set when it is a digital write. */
  readonly write?: DigitalWrite;
}

const REDUNDANT: Remembered = { redundant: true };
const PLAIN: Remembered = { redundant: false };

/**
 * Remembers what each pin was told, from the messages on their way to the board.
 *
 * Johnny-Five's `Pin` sets the mode before every write. A mode that is set already is redundant: without it
 * the wire carries twice as many writes, and StandardFirmata does not pull the pin low in between.
 */
export class PinMemory {
  readonly #pins = new Map<number, PinRecord>();
  readonly #ports = new Uint8Array(16);
  readonly #outputs = new Uint8Array(16);
  /** A bit for each pin that was made anything but an output: its level is not written. */
  readonly #others = new Uint8Array(16);
  readonly #due = new Set<PinRecord>();
  #portDue: number | undefined;

  /** Takes in one whole message to the board. */
  remember(frame: Uint8Array): Remembered {
    const first = frame[0] ?? 0;
    if (first === COMMAND.setPinMode) return this.#setMode(frame[1] ?? 0, frame[2] ?? 0);
    if ((first & 0xf0) === COMMAND.digitalMessage) {
      return this.#writePort(first & 0x0f, (frame[1] ?? 0) | ((frame[2] ?? 0) << 7));
    }
    return this.#rememberRare(decodeToBoard(frame));
  }

  /** Whether a message sets a mode that is set already. */
  isRedundant([command, pin = 0, mode]: Uint8Array): boolean {
    return command === COMMAND.setPinMode && this.#pins.get(pin)?.mode === mode;
  }

  /**
   * The pins to be asked for, so that everything up to now is confirmed; then nothing is due any more.
   *
   * @param levelsEchoed Levels are confirmed by echoes and need no query.
   */
  takeDue(levelsEchoed: boolean): Due {
    let levels = levelsEchoed && this.#portDue !== undefined;
    const queries: PinRecord[] = [];
    const pins: PinRecord[] = [];
    for (const record of this.#due) {
      const now = { ...record };
      pins.push(now);
      if (record.queryDue || !levelsEchoed) queries.push(now);
      else levels = true;
      record.queryDue = false;
      record.levelDue = false;
    }
    if (!levelsEchoed && queries.length === 0 && this.#portDue !== undefined) {
      queries.push({ ...this.#anyPin(this.#portDue) });
    }
    this.#due.clear();
    this.#portDue = undefined;
    return { pins, queries, levels };
  }

  /** A pin is this already, told by somebody else before. */
  adopt({ pin, mode, value }: PinState): void {
    const record = this.#pin(pin);
    record.isWritten = true;
    this.#take(record, mode, value);
  }

  /** Whether a pin has been told something else since. */
  hasChanged({ pin, mode, value }: PinRecord): boolean {
    const now = this.#pins.get(pin);
    return now?.mode !== mode || now?.value !== value;
  }

  /** From now on every pin that was told anything is to be confirmed. */
  makeAllDue(): void {
    for (const record of this.#pins.values()) {
      record.queryDue = true;
      this.#due.add(record);
    }
  }

  /** All pins that were told anything, in the order in which they were first. */
  get pins(): Iterable<Readonly<PinRecord>> {
    return this.#pins.values();
  }

  /** Tones of these pins have ended by themselves. */
  toneEnded(pins: readonly number[]): void {
    for (const pin of pins) {
      const record = this.#pins.get(pin);
      if (record?.mode === PIN_MODE.tone) record.value = 0;
    }
  }

  /** Levels of each port's pins as last written, lowest bit first. */
  get ports(): Iterable<readonly [port: number, levels: number]> {
    return this.#ports.entries();
  }

  /** Levels of a port's pins as last written, lowest bit first. */
  levelsOf(port: number): number {
    return this.#ports[port] ?? 0;
  }

  get hasDue(): boolean {
    return this.#due.size > 0 || this.#portDue !== undefined;
  }

  #setMode(pin: number, mode: number): Remembered {
    const record = this.#pin(pin);
    if (record.mode === mode) return REDUNDANT;
    record.isWritten = false;
    // Firmata's setPinMode(OUTPUT) writes a low level, whatever the port message said before.
    this.#take(record, mode, mode === PIN_MODE.output ? 0 : record.value);
    record.queryDue = true;
    this.#due.add(record);
    return PLAIN;
  }

  /** A pin has a mode, and as an output a level. */
  #take(record: PinRecord, mode: number, value: number): void {
    const port = record.pin >> 3;
    const bit = 1 << (record.pin & 7);
    const isOutput = mode === PIN_MODE.output;
    record.mode = mode;
    record.value = value;
    this.#outputs[port] = withBit(this.#outputs[port] ?? 0, bit, isOutput);
    this.#others[port] = withBit(this.#others[port] ?? 0, bit, !isOutput);
    if (isOutput) this.#ports[port] = withBit(this.#ports[port] ?? 0, bit, value !== 0);
  }

  #writePort(port: number, levels: number): Remembered {
    const outputs = this.#outputs[port] ?? 0;
    const write = { port, levels, changed: levels ^ (this.#ports[port] ?? 0), outputs };
    let changed = write.changed & ~(this.#others[port] ?? 0);
    this.#ports[port] = levels;
    if (changed === 0) this.#portDue = port;
    for (let bit = 0; changed !== 0; bit++, changed >>= 1) {
      if ((changed & 1) === 0) continue;
      const record = this.#pin(port * 8 + bit);
      record.value = (levels >> bit) & 1;
      record.isWritten = true;
      if ((outputs >> bit) & 1) record.levelDue = true;
      else record.queryDue = true;
      this.#due.add(record);
    }
    return { redundant: false, write };
  }

  #rememberRare(message: ToBoard): Remembered {
    switch (message.type) {
      case "digitalPin": {
        const port = message.pin >> 3;
        const bit = 1 << (message.pin & 7);
        const levels = this.#ports[port] ?? 0;
        return this.#writePort(port, message.level ? levels | bit : levels & ~bit);
      }
      case "analog":
      case "extendedAnalog":
        return this.#setValue(message.pin, message.value);
      case "servoConfig":
        return this.#setModeWithin(message.pin, PIN_MODE.servo);
      case "tone":
        this.#setModeWithin(message.pin, PIN_MODE.tone);
        return this.#setValue(message.pin, Math.round(message.centihertz / 100));
      case "noTone":
        return this.#setValue(message.pin, 0);
      case "reset":
        return this.#forget();
      default:
        return PLAIN;
    }
  }

  /** A mode that comes with another message and is therefore never redundant. */
  #setModeWithin(pin: number, mode: number): Remembered {
    this.#setMode(pin, mode);
    return PLAIN;
  }

  #setValue(pin: number, value: number): Remembered {
    const record = this.#pin(pin);
    record.value = value;
    record.isWritten = true;
    record.queryDue = true;
    this.#due.add(record);
    return PLAIN;
  }

  /** The board begins anew: what was said is forgotten on both sides. */
  #forget(): Remembered {
    this.#pins.clear();
    for (const ports of [this.#ports, this.#outputs, this.#others]) ports.fill(0);
    this.#due.clear();
    this.#portDue = undefined;
    return PLAIN;
  }

  #pin(pin: number): PinRecord {
    let record = this.#pins.get(pin);
    if (!record) {
      record = { pin, mode: undefined, value: 0, isWritten: false, queryDue: false, levelDue: false };
      this.#pins.set(pin, record);
    }
    return record;
  }

  /** A pin to ask for where none has changed: an output, for its level is known. */
  #anyPin(port: number): PinRecord {
    for (const record of this.#pins.values()) {
      if (record.pin >> 3 === port && record.mode === PIN_MODE.output) return record;
    }
    return this.#pin(port * 8);
  }
}

function withBit(bits: number, bit: number, isSet: boolean): number {
  return isSet ? bits | bit : bits & ~bit;
}

import type { AVRIOPort } from "avr8js";
import { CYCLES_PER_US } from "./baud.js";
import { Chip, type ResetCause } from "./chip.js";
import { type Edge, FIRST_ANALOG_PIN, type Level, PINS, SUPPLY_VOLTS } from "./pins.js";
import { SerialLine } from "./serial-line.js";

/** First pin of ports B, C and D, and how many of a port's bits are pins. */
const PORTS = [
  { firstPin: 8, bits: 6 },
  { firstPin: 14, bits: 6 },
  { firstPin: 0, bits: 8 },
] as const;

export interface UnoOptions {
  /** Program memory, as `parseHex()` gives it. */
  readonly program: Uint16Array;
  /** Rate that the host opened its port with. */
  readonly hostBaud?: number;
}

/**
 * An Arduino Uno: the chip, its pins by number, and the serial line to its host.
 *
 * Time is the chip's own clock and goes nowhere by itself: `run()` moves it. Pins 0 and 1 show their port, not the
 * serial line.
 */
export class Uno {
  readonly line: SerialLine;
  /** Told each edge of each pin, in order, whether the firmware or the outside made it. */
  onEdge: (edge: Edge) => void = () => {};

  /** Told each byte that a device on the I2C bus has taken. */
  onTwiByte: (address: number, value: number) => void = () => {};

  readonly #program: Uint16Array<ArrayBuffer>;
  readonly #addresses = new Set<number>();
  /** What is driven from outside, by pin. */
  readonly #outside: (Level | undefined)[] = new Array(PINS).fill(undefined);
  readonly #volts: (number | undefined)[] = new Array(8).fill(undefined);
  readonly #levels = new Uint8Array(PINS);
  #chip: Chip;

  constructor({ program, hostBaud = 57_600 }: UnoOptions) {
    this.#program = Uint16Array.from(program);
    this.line = new SerialLine(hostBaud);
    this.#chip = this.#start("power", 0, undefined);
  }

  /** Cycles of 16 MHz since power came on, through all resets; in a callback, the cycle of what it tells. */
  get cycles(): number {
    return this.#chip.cpu.cycles;
  }

  /** Earliest cycle at which the firmware can do anything more: now, or the next event while it sleeps. */
  get wakesAt(): number {
    return this.#chip.wakesAt;
  }

  /** The firmware sleeps. */
  get asleep(): boolean {
    return this.#chip.asleep;
  }

  /** The level that a voltmeter would tell at a pin; a floating pin reads 0. */
  level(pin: number): Level {
    return this.#levels[pin] ? 1 : 0;
  }

  /** A byte of the chip's data space, as it stands: registers, I/O, memory. For looking, not for the firmware. */
  peek(address: number): number {
    return this.#chip.cpu.data[address] ?? 0;
  }

  /** Runs up to a cycle (a few more where an instruction straddles it), or until `stop()`. */
  run(untilCycle: number): void {
    this.#chip.run(untilCycle);
    while (this.#chip.watchdogBit) {
      this.#restart("watchdog");
      this.#chip.run(untilCycle);
    }
  }

  /** Ends `run()` early; for the callbacks that it calls. */
  stop(): void {
    this.#chip.stop();
  }

  /** Presses and lets go of the reset button. What is driven from outside, and bytes on their way, stay. */
  reset(): void {
    this.#restart("button");
  }

  /** The supply falls below what the chip needs, and is back at once: a reset of which the firmware knows the cause. */
  brownOut(): void {
    this.#restart("brown-out");
  }

  /** Drives a pin from outside; `undefined` lets it float, and its pull-up, where switched on, pull it high. */
  setLevel(pin: number, level: Level | undefined): void {
    if (!(pin >= 0 && pin < PINS)) throw new RangeError(`pin ${pin} is not one of an Uno's 0 to ${PINS - 1}`);
    this.#outside[pin] = level;
    for (const [index, { firstPin, bits }] of PORTS.entries())
      if (pin >= firstPin && pin < firstPin + bits) this.#refreshPort(this.#chip, index);
  }

  /** Puts a voltage on an analog input, 0 to 7 (6 and 7 exist on the Nano only); `undefined` takes it away. */
  setVoltage(channel: number, volts: number | undefined): void {
    this.#volts[channel] = volts;
    this.#chip.adc.channelValues[channel] = volts ?? 0;
    const pin = FIRST_ANALOG_PIN + channel;
    // The digital input behind it switches at half the supply, near enough (datasheet section 29.2).
    if (pin < PINS) this.setLevel(pin, volts === undefined ? undefined : volts > SUPPLY_VOLTS / 2 ? 1 : 0);
  }

  /** From now on a device answers to this address of the I2C bus. */
  answerTo(address: number): void {
    this.#addresses.add(address);
  }

  #restart(cause: ResetCause): void {
    this.#chip = this.#start(cause, this.#chip.cpu.cycles, this.#chip);
  }

  #start(cause: ResetCause, startCycle: number, before: Chip | undefined): Chip {
    const devices = {
      has: (address: number) => this.#addresses.has(address),
      wrote: (address: number, value: number) => this.onTwiByte(address, value),
    };
    const chip = new Chip({ program: this.#program, line: this.line, devices, cause, startCycle, before });
    for (const [channel, volts] of this.#volts.entries()) chip.adc.channelValues[channel] = volts ?? 0;
    for (const [index, port] of chip.ports.entries()) {
      port.addListener(() => this.#refreshPort(chip, index));
      this.#refreshPort(chip, index);
    }
    return chip;
  }

  /** Works out the levels of a port's pins, gives inputs to the chip, and tells the edges. */
  #refreshPort(chip: Chip, index: number): void {
    const port = chip.ports[index];
    const { firstPin = 0, bits = 0 } = PORTS[index] ?? {};
    if (!port) return;
    for (let bit = 0; bit < bits; bit++) {
      const pin = firstPin + bit;
      const level = this.#levelOf(port, bit, this.#outside[pin]);
      if (level === this.#levels[pin]) continue;
      this.#levels[pin] = level;
      this.onEdge({ pin, level, atUs: chip.cpu.cycles / CYCLES_PER_US });
    }
  }

  #levelOf(port: AVRIOPort, bit: number, outside: Level | undefined): Level {
    const state = port.pinState(bit);
    if (state === LOW || state === HIGH) return state;
    const level = outside ?? (state === PULLED_UP ? 1 : 0);
    port.setPin(bit, level === 1);
    return level;
  }
}

// avr8js's `PinState`, whose members are values at run time and so belong to the file that imports it.
const LOW = 0;
const HIGH = 1;
const PULLED_UP = 3;

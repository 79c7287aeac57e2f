import { PIN_MODE } from "../../firmata/protocol.js";
import type { PinCapability } from "../../firmata/to-host.js";

/** A change that the device saw on one of its pins. */
export interface MockEdge {
  readonly pin: number;
  readonly level: 0 | 1;
}

/** A pin of the device. */
export interface MockPin {
  readonly mode: number;
  /** Level, PWM or servo value, or frequency of a tone in whole hertz. */
  readonly value: number;
}

/** An Uno has 20 pins: 14 digital, 6 analog. */
export const PINS = 20;
export const FIRST_ANALOG = 14;
/** Edges that are kept: more than any test looks at, and half a megabyte in a run without end. */
const KEPT_EDGES = 10_000;
const PWM_PINS: ReadonlySet<number> = new Set([3, 5, 6, 9, 10, 11]);

/** The pins of an Uno without a CPU. */
export class MockPins {
  /** The latest changes of level, 10 000 at least, oldest first. */
  readonly edges: MockEdge[] = [];
  /** Told each of them. */
  onEdge: (edge: MockEdge) => void = () => {};
  /** What each can be. */
  readonly capabilities: readonly (readonly PinCapability[])[];
  readonly #modes = new Uint8Array(PINS);
  readonly #values = new Uint32Array(PINS);
  /** Levels that were put on pins from outside. */
  readonly #driven = new Map<number, 0 | 1>();

  /** @param hasTones Whether they can sound by themselves, as those of our firmware. */
  constructor(hasTones: boolean) {
    this.capabilities = Array.from({ length: PINS }, (_, pin) => capabilitiesOf(pin, hasTones));
    this.reset();
  }

  /** As after power-up. */
  reset(): void {
    this.#modes.fill(PIN_MODE.output, 0, FIRST_ANALOG).fill(PIN_MODE.analog, FIRST_ANALOG);
    this.#values.fill(0);
  }

  at(pin: number): MockPin {
    return { mode: this.#modes[pin] ?? 0, value: this.#values[pin] ?? 0 };
  }

  /** Puts a pin to a use, if it has that. */
  setMode(pin: number, mode: number): void {
    if (!this.capabilities[pin]?.some((capability) => capability.mode === mode)) return;
    if (mode === PIN_MODE.output) this.setLevel(pin, 0);
    this.#modes[pin] = mode;
    const open = mode === PIN_MODE.pullup ? 1 : 0;
    if (mode !== PIN_MODE.output) this.#values[pin] = isInput(mode) ? (this.#driven.get(pin) ?? open) : open;
  }

  /** The same for one that a message of its own puts there, with what it is then. */
  force(pin: number, mode: number, value = this.#values[pin] ?? 0): void {
    this.#modes[pin] = mode;
    this.#values[pin] = value;
  }

  /** Puts a level on a pin from outside. @returns Whether it is an input, which has it now. */
  drive(pin: number, level: 0 | 1): boolean {
    this.#driven.set(pin, level);
    if (!isInput(this.#modes[pin] ?? 0)) return false;
    this.#values[pin] = level;
    return true;
  }

  setValue(pin: number, value: number): void {
    this.#values[pin] = value;
  }

  setLevel(pin: number, level: 0 | 1): void {
    if (this.#modes[pin] === PIN_MODE.output && this.#values[pin] !== level) {
      if (this.edges.length >= 2 * KEPT_EDGES) this.edges.splice(0, KEPT_EDGES);
      const edge = { pin, level };
      this.edges.push(edge);
      this.onEdge(edge);
    }
    this.#values[pin] = level;
  }

  /** Writes the outputs of a port. */
  writePort(port: number, levels: number): void {
    for (let bit = 0; bit < 8; bit++) {
      const pin = port * 8 + bit;
      if (pin < PINS && this.#modes[pin] === PIN_MODE.output) this.setLevel(pin, (levels >> bit) & 1 ? 1 : 0);
    }
  }

  /** Levels of a port's outputs, or inputs; 0 for all others. */
  levels(port: number, of: "outputs" | "inputs"): number {
    const counts = of === "outputs" ? isOutput : isInput;
    let levels = 0;
    for (let bit = 0; bit < 8; bit++) {
      const pin = port * 8 + bit;
      if (pin < PINS && counts(this.#modes[pin] ?? 0) && this.#values[pin]) levels |= 1 << bit;
    }
    return levels;
  }

  /** Ends whatever tone there is. */
  silence(): void {
    for (const [pin, mode] of this.#modes.entries()) if (mode === PIN_MODE.tone) this.#values[pin] = 0;
  }
}

const isOutput = (mode: number) => mode === PIN_MODE.output;
const isInput = (mode: number) => mode === PIN_MODE.input || mode === PIN_MODE.pullup;

/** What a pin of an Uno can be: nothing for the two of the serial line. */
function capabilitiesOf(pin: number, hasTones: boolean): PinCapability[] {
  if (pin < 2) return [];
  const capabilities: PinCapability[] = [
    { mode: PIN_MODE.input, resolution: 1 },
    { mode: PIN_MODE.pullup, resolution: 1 },
    { mode: PIN_MODE.output, resolution: 1 },
  ];
  if (pin >= FIRST_ANALOG) capabilities.push({ mode: PIN_MODE.analog, resolution: 10 });
  if (PWM_PINS.has(pin)) capabilities.push({ mode: PIN_MODE.pwm, resolution: 8 });
  if (pin < FIRST_ANALOG) capabilities.push({ mode: PIN_MODE.servo, resolution: 14 });
  if (pin >= 18) capabilities.push({ mode: PIN_MODE.i2c, resolution: 1 });
  if (hasTones) capabilities.push({ mode: PIN_MODE.tone, resolution: 1 });
  return capabilities;
}

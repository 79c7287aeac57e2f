import type { Attachment } from "../wiring/attachments.js";
import {
  levelOf,
  type Net,
  netOf,
  type Part,
  type PartState,
  type PinDriver,
  pinOf,
  type ThermistorFault,
} from "./part.js";
import { FIRST_ANALOG_PIN, type Level } from "./pins.js";

/**
 * A push button: legs `1.l` and `1.r` are one side, `2.l` and `2.r` the other, and pressing joins the sides.
 *
 * The pin takes the other side's level while pressed. Released it takes that of the supply on its own side, which is
 * there through a pull-up or pull-down resistor, or floats for the chip's own pull-up.
 */
export class Button implements Part {
  readonly pin = undefined;
  readonly #id: string;
  readonly #driver: PinDriver;
  readonly #drives: number | undefined;
  readonly #pressedLevel: Level | undefined;
  readonly #releasedLevel: Level | undefined;
  #pressed = false;

  constructor({ part, terminals }: Attachment, driver: PinDriver) {
    this.#id = part;
    this.#driver = driver;
    const sides = ["1", "2"].map((side) => [netOf(terminals[`${side}.l`]), netOf(terminals[`${side}.r`])]);
    const own = sides.find((nets) => nets.some((net) => pinOf(net) !== undefined)) ?? [];
    const other = sides.find((nets) => nets !== own) ?? [];
    this.#drives = own.map(pinOf).find((pin) => pin !== undefined);
    this.#releasedLevel = own.map(levelOf).find((level) => level !== undefined);
    this.#pressedLevel = other.map(levelOf).find((level) => level !== undefined);
    this.press(false);
  }

  press(pressed: boolean): void {
    this.#pressed = pressed;
    if (this.#drives === undefined) return;
    const joined = pressed ? this.#pressedLevel : undefined;
    this.#driver.setLevel(this.#drives, joined ?? this.#releasedLevel);
  }

  state(): PartState {
    return { type: "button", id: this.#id, pressed: this.#pressed };
  }
}

/** An analog input that a divider between two supplies gives a share of them. */
class Divider {
  readonly #driver: PinDriver;
  readonly #channel: number | undefined;
  readonly #fromVolts: number;
  readonly #toVolts: number;

  constructor(driver: PinDriver, { input, from, to }: Readonly<Record<"input" | "from" | "to", Net>>) {
    this.#driver = driver;
    const pin = pinOf(input);
    this.#channel = pin === undefined || pin < FIRST_ANALOG_PIN ? undefined : pin - FIRST_ANALOG_PIN;
    const volts = (net: Net) => (net && "volts" in net ? net.volts : 0);
    this.#fromVolts = volts(from);
    this.#toVolts = volts(to);
  }

  set(ratio: number): void {
    if (this.#channel === undefined) return;
    this.#driver.setVoltage(this.#channel, this.#fromVolts + ratio * (this.#toVolts - this.#fromVolts));
  }
}

/** Full scale of the `value` attribute of Wokwi's potentiometer. */
const POTENTIOMETER_SCALE = 1023;

/** A potentiometer between two supplies, its wiper on an analog input. */
export class Potentiometer implements Part {
  readonly pin = undefined;
  readonly #id: string;
  readonly #divider: Divider;
  #ratio = 0;

  constructor({ part, attrs, terminals }: Attachment, driver: PinDriver) {
    this.#id = part;
    const [input, from, to] = [netOf(terminals.SIG), netOf(terminals.GND), netOf(terminals.VCC)];
    this.#divider = new Divider(driver, { input, from, to });
    const value = Number(attrs.value ?? 0);
    this.turn(Number.isFinite(value) ? Math.min(Math.max(value / POTENTIOMETER_SCALE, 0), 1) : 0);
  }

  turn(ratio: number): void {
    this.#ratio = ratio;
    this.#divider.set(ratio);
  }

  state(): PartState {
    return { type: "potentiometer", id: this.#id, ratio: this.#ratio };
  }
}

// What Wokwi's thermistor module does without its attributes (docs.wokwi.com/parts/wokwi-ntc-temperature-sensor).
const USUAL_CELSIUS = 24;
const USUAL_BETA = 3_950;

/** A thermistor has its nominal resistance, here that of the resistor in its module, at 25 °C. */
const NOMINAL_KELVIN = 298.15;
const KELVIN_AT_ZERO_CELSIUS = 273.15;

/**
 * An NTC thermistor of 10 kΩ from `OUT` to `GND`, with a resistor as large from `OUT` to `VCC`. The warmer, the lower its
 * voltage; a broken leg leaves it at that of `VCC`, two that touch at that of `GND`.
 */
export class Thermistor implements Part {
  readonly pin = undefined;
  readonly #id: string;
  readonly #beta: number;
  readonly #divider: Divider;
  #celsius: number;
  #fault: ThermistorFault | undefined;

  constructor({ part, attrs, terminals }: Attachment, driver: PinDriver) {
    this.#id = part;
    const [input, from, to] = [netOf(terminals.OUT), netOf(terminals.GND), netOf(terminals.VCC)];
    this.#divider = new Divider(driver, { input, from, to });
    this.#beta = Number(attrs.beta ?? USUAL_BETA) || USUAL_BETA;
    const celsius = Number(attrs.temperature ?? USUAL_CELSIUS);
    this.#celsius = celsius > -KELVIN_AT_ZERO_CELSIUS ? celsius : USUAL_CELSIUS;
    this.#set();
  }

  warm(celsius: number): void {
    this.#celsius = celsius;
    this.#set();
  }

  /** Without a fault it is whole again. */
  damage(fault: ThermistorFault | undefined): void {
    this.#fault = fault;
    this.#set();
  }

  state(): PartState {
    return { type: "thermistor", id: this.#id, celsius: this.#celsius, fault: this.#fault };
  }

  #set(): void {
    if (this.#fault) {
      this.#divider.set(this.#fault === "open" ? 1 : 0);
      return;
    }
    const kelvin = this.#celsius + KELVIN_AT_ZERO_CELSIUS;
    // Of the resistor's: R = R25 · e^(β (1/T − 1/T25)).
    const resistance = Math.exp(this.#beta * (1 / kelvin - 1 / NOMINAL_KELVIN));
    this.#divider.set(resistance / (resistance + 1));
  }
}

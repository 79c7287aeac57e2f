import type { Attachment } from "../wiring/attachments.js";
import { levelOf, type Net, netOf, type Part, type PartState, type PinDriver, pinOf } from "./part.js";
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

/** Full scale of the `value` attribute of Wokwi's potentiometer. */
const POTENTIOMETER_SCALE = 1023;

/** A potentiometer between two supplies, its wiper on an analog input. */
export class Potentiometer implements Part {
  readonly pin = undefined;
  readonly #id: string;
  readonly #driver: PinDriver;
  readonly #channel: number | undefined;
  readonly #fromVolts: number;
  readonly #toVolts: number;
  #ratio = 0;

  constructor({ part, attrs, terminals }: Attachment, driver: PinDriver) {
    this.#id = part;
    this.#driver = driver;
    const pin = pinOf(netOf(terminals.SIG));
    this.#channel = pin === undefined || pin < FIRST_ANALOG_PIN ? undefined : pin - FIRST_ANALOG_PIN;
    const volts = (net: Net) => (net && "volts" in net ? net.volts : 0);
    this.#fromVolts = volts(netOf(terminals.GND));
    this.#toVolts = volts(netOf(terminals.VCC));
    const value = Number(attrs.value ?? 0);
    this.turn(Number.isFinite(value) ? Math.min(Math.max(value / POTENTIOMETER_SCALE, 0), 1) : 0);
  }

  turn(ratio: number): void {
    this.#ratio = ratio;
    if (this.#channel === undefined) return;
    this.#driver.setVoltage(this.#channel, this.#fromVolts + ratio * (this.#toVolts - this.#fromVolts));
  }

  state(): PartState {
    return { type: "potentiometer", id: this.#id, ratio: this.#ratio };
  }
}

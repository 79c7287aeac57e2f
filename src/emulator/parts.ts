import { CircuitError } from "../core/error.js";
import type { Attachment } from "../wiring/attachments.js";
import { type Pitch, ToneMeter } from "./pitch.js";
import { type Edge, FIRST_ANALOG_PIN, type Level, SUPPLY_VOLTS } from "./uno.js";

/** Hands of the outside world on an Uno's pins. */
export interface PinDriver {
  /** Drives a pin; `undefined` lets it float. */
  setLevel(pin: number, level: Level | undefined): void;
  /** Puts a voltage on an analog input. */
  setVoltage(channel: number, volts: number | undefined): void;
}

/** What a part looks or sounds like at a moment. */
export type PartState =
  | { readonly type: "led"; readonly id: string; readonly lit: boolean; readonly brightness: number }
  | { readonly type: "buzzer"; readonly id: string; readonly tone: Pitch | undefined }
  | { readonly type: "button"; readonly id: string; readonly pressed: boolean }
  | { readonly type: "potentiometer"; readonly id: string; readonly ratio: number };

interface Part {
  /** The pin whose edges it takes. */
  readonly pin: number | undefined;
  edge?(edge: Edge): void;
  state(nowUs: number): PartState;
}

/** What a terminal is connected to: a pin, or a supply of this voltage. */
type Net = { readonly pin: number } | { readonly volts: number } | undefined;

function netOf(name: string | undefined): Net {
  if (name === undefined) return undefined;
  if (/^\d+$/.test(name)) return { pin: Number(name) };
  if (/^A\d$/.test(name)) return { pin: FIRST_ANALOG_PIN + Number(name.slice(1)) };
  if (name.startsWith("GND")) return { volts: 0 };
  if (name === "3.3V") return { volts: 3.3 };
  return name === "5V" ? { volts: SUPPLY_VOLTS } : undefined;
}

function pinOf(net: Net): number | undefined {
  return net && "pin" in net ? net.pin : undefined;
}

function levelOf(net: Net): Level | undefined {
  if (!net || !("volts" in net)) return undefined;
  return net.volts > SUPPLY_VOLTS / 2 ? 1 : 0;
}

/** Slower changes than this are seen as blinking, faster ones as a brightness. */
const BLINK_PERIOD_US = 20_000;

/** An LED between a pin and a supply, whichever way round: lit while its anode is high and its cathode low. */
class Led implements Part {
  readonly pin: number | undefined;
  readonly #id: string;
  readonly #litAt: Level;
  #lit: boolean;
  #changedUs = 0;
  #litUs = 0;
  #periodUs = Infinity;
  #rises: number | undefined;

  constructor({ part, terminals }: Attachment) {
    this.#id = part;
    const anode = netOf(terminals.A);
    const cathode = netOf(terminals.C);
    this.pin = pinOf(anode) ?? pinOf(cathode);
    this.#litAt = pinOf(anode) === undefined ? 0 : 1;
    const supply = levelOf(pinOf(anode) === undefined ? anode : cathode);
    if (supply === this.#litAt || supply === undefined) this.pin = undefined;
    this.#lit = this.pin !== undefined && this.#litAt === 0;
  }

  edge({ level, atUs }: Edge): void {
    const lit = level === this.#litAt;
    if (lit === this.#lit) return;
    this.#lit = lit;
    if (lit) {
      this.#periodUs = atUs - (this.#rises ?? -Infinity);
      this.#rises = atUs;
    } else this.#litUs = atUs - this.#changedUs;
    this.#changedUs = atUs;
  }

  state(nowUs: number): PartState {
    const fast = this.#periodUs <= BLINK_PERIOD_US && nowUs - this.#changedUs <= this.#periodUs;
    const brightness = fast ? this.#litUs / this.#periodUs : this.#lit ? 1 : 0;
    return { type: "led", id: this.#id, lit: this.#lit, brightness: Math.min(1, brightness) };
  }
}

class Buzzer implements Part {
  readonly pin: number | undefined;
  readonly meter = new ToneMeter();
  readonly #id: string;

  constructor({ part, terminals }: Attachment) {
    this.#id = part;
    this.pin = pinOf(netOf(terminals["1"])) ?? pinOf(netOf(terminals["2"]));
  }

  edge(edge: Edge): void {
    this.meter.add(edge);
  }

  state(nowUs: number): PartState {
    return { type: "buzzer", id: this.#id, tone: this.meter.sounding(nowUs) };
  }
}

/**
 * A push button: legs `1.l` and `1.r` are one side, `2.l` and `2.r` the other, and pressing joins the sides.
 *
 * The pin takes the other side's level while pressed. Released it takes that of the supply on its own side, which is
 * there through a pull-up or pull-down resistor, or floats for the chip's own pull-up.
 */
class Button implements Part {
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

class Potentiometer implements Part {
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

/** The parts on an Uno's pins, by the id that the wiring gives them. Parts of other types are left out. */
export class Parts {
  readonly #parts = new Map<string, Part>();
  readonly #byPin = new Map<number, Part[]>();

  constructor(attachments: readonly Attachment[], driver: PinDriver) {
    for (const attachment of attachments) {
      const part = this.#make(attachment, driver);
      if (!part) continue;
      this.#parts.set(attachment.part, part);
      if (part.pin !== undefined) this.#byPin.set(part.pin, [...(this.#byPin.get(part.pin) ?? []), part]);
    }
  }

  /** Shows an edge to the parts on its pin. */
  edge(edge: Edge): void {
    for (const part of this.#byPin.get(edge.pin) ?? []) part.edge?.(edge);
  }

  /** Every part at a moment of the board's time, in the wiring's order. */
  states(nowUs: number): PartState[] {
    return [...this.#parts.values()].map((part) => part.state(nowUs));
  }

  /**
   * Calls back with each tone of a buzzer, once it has ended.
   *
   * @throws {CircuitError} `USAGE` when the wiring has no such buzzer.
   */
  onTone(id: string, listener: (tone: Pitch) => void): void {
    this.#find(id, Buzzer, "listen to").meter.onTone = listener;
  }

  /** @throws {CircuitError} `USAGE` when the wiring has no such button. */
  press(id: string, pressed: boolean): void {
    this.#find(id, Button, pressed ? "press" : "release").press(pressed);
  }

  /**
   * @param ratio From 0, the GND end, to 1.
   * @throws {CircuitError} `USAGE` when the wiring has no such potentiometer, or for another ratio.
   */
  turn(id: string, ratio: number): void {
    const potentiometer = this.#find(id, Potentiometer, "turn");
    if (!(ratio >= 0 && ratio <= 1))
      throw new CircuitError("USAGE", `Cannot turn ${id}: ${ratio} is not between 0 and 1`);
    potentiometer.turn(ratio);
  }

  #make(attachment: Attachment, driver: PinDriver): Part | undefined {
    switch (attachment.type) {
      case "wokwi-led":
        return new Led(attachment);
      case "wokwi-buzzer":
        return new Buzzer(attachment);
      case "wokwi-pushbutton":
      case "wokwi-pushbutton-6mm":
        return new Button(attachment, driver);
      case "wokwi-potentiometer":
      case "wokwi-slide-potentiometer":
        return new Potentiometer(attachment, driver);
      default:
        return undefined;
    }
  }

  #find<T extends Part>(id: string, kind: abstract new (...args: never[]) => T, verb: string): T {
    const part = this.#parts.get(id);
    if (part instanceof kind) return part;
    const fitting = [...this.#parts].filter(([, each]) => each instanceof kind).map(([name]) => name);
    throw new CircuitError(
      "USAGE",
      `Cannot ${verb} ${id}: the wiring has no such ${kind.name.toLowerCase()} (it has ${fitting.join(", ") || "none"})`,
      { hint: "Name a part by its id in the wiring file" },
    );
  }
}

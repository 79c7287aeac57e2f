import { CircuitError } from "../core/error.js";
import type { Attachment } from "../wiring/attachments.js";
import { Button, Potentiometer, Thermistor } from "./input-parts.js";
import { Lcd } from "./lcd.js";
import { Buzzer, Led, Relay, Servo } from "./output-parts.js";
import type { Part, PartState, PinDriver, ThermistorFault } from "./part.js";
import type { Edge } from "./pins.js";
import type { Pitch } from "./pitch.js";

const ABSOLUTE_ZERO_CELSIUS = -273.15;

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

  /** Shows a byte on the I2C bus to the parts with that address. */
  wrote(address: number, value: number): void {
    for (const part of this.#parts.values()) if (part.address === address) part.wrote?.(value);
  }

  /**
   * Lets the board's time pass, in microseconds.
   *
   * @returns Whether that ended a tone.
   */
  passTo(timeUs: number): boolean {
    let ended = false;
    for (const part of this.#parts.values()) ended = part.passTo?.(timeUs) || ended;
    return ended;
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

  /** @throws {CircuitError} `USAGE` when the wiring has no such thermistor, or for what is no temperature. */
  warm(id: string, celsius: number): void {
    const thermistor = this.#find(id, Thermistor, "warm");
    if (!(celsius > ABSOLUTE_ZERO_CELSIUS && celsius < Infinity))
      throw new CircuitError("USAGE", `Cannot warm ${id}: ${celsius} is no temperature in °C`);
    thermistor.warm(celsius);
  }

  /** @throws {CircuitError} `USAGE` when the wiring has no such thermistor. */
  damage(id: string, fault: ThermistorFault | undefined): void {
    this.#find(id, Thermistor, fault ? "damage" : "repair").damage(fault);
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
      case "wokwi-ntc-temperature-sensor":
        return new Thermistor(attachment, driver);
      case "wokwi-relay-module":
        return new Relay(attachment);
      case "wokwi-servo":
        return new Servo(attachment);
      case "wokwi-lcd1602":
      case "wokwi-lcd2004":
        return new Lcd(attachment, driver);
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

import { type Edge, FIRST_ANALOG_PIN, type Level, SUPPLY_VOLTS } from "./pins.js";
import type { Pitch } from "./pitch.js";

/** Hands of the outside world on an Uno's pins. */
export interface PinDriver {
  /** Drives a pin; `undefined` lets it float. */
  setLevel(pin: number, level: Level | undefined): void;
  /** Puts a voltage on an analog input. */
  setVoltage(channel: number, volts: number | undefined): void;
  /** From now on a device answers to this address of the I2C bus, and takes what is written to it. */
  answerTo(address: number): void;
}

/** What a part looks or sounds like at a moment. */
export type PartState =
  | { readonly type: "led"; readonly id: string; readonly lit: boolean; readonly brightness: number }
  | { readonly type: "buzzer"; readonly id: string; readonly tone: Pitch | undefined }
  | { readonly type: "button"; readonly id: string; readonly pressed: boolean }
  | { readonly type: "potentiometer"; readonly id: string; readonly ratio: number }
  | { readonly type: "relay"; readonly id: string; readonly isOn: boolean }
  | {
      readonly type: "thermistor";
      readonly id: string;
      readonly celsius: number;
      readonly fault: ThermistorFault | undefined;
    }
  | {
      readonly type: "servo";
      readonly id: string;
      /** Where it is told to be, from 0 to 180 for pulses of 544 to 2400 µs; `undefined` before its first pulse. */
      readonly degrees: number | undefined;
    }
  | {
      readonly type: "lcd";
      readonly id: string;
      readonly lines: readonly string[];
      readonly isOn: boolean;
      /** Its backlight. */
      readonly isLit: boolean;
    };

/** What may be wrong with a thermistor: a broken leg, or two that touch. */
export type ThermistorFault = "open" | "short";

/** One part, as `Parts` treats it. */
export interface Part {
  /** The pin whose edges it takes. */
  readonly pin: number | undefined;
  /** The address of the I2C bus whose bytes it takes. */
  readonly address?: number | undefined;
  edge?(edge: Edge): void;
  /** A byte was written to its address. */
  wrote?(value: number): void;
  passTo?(timeUs: number): boolean;
  state(nowUs: number): PartState;
}

/** What a terminal is connected to: a pin, or a supply of this voltage. */
export type Net = { readonly pin: number } | { readonly volts: number } | undefined;

/** Reads a terminal's connection as the wiring names it. */
export function netOf(name: string | undefined): Net {
  if (name === undefined) return undefined;
  if (/^\d+$/.test(name)) return { pin: Number(name) };
  if (/^A\d$/.test(name)) return { pin: FIRST_ANALOG_PIN + Number(name.slice(1)) };
  if (name.startsWith("GND")) return { volts: 0 };
  if (name === "3.3V") return { volts: 3.3 };
  return name === "5V" ? { volts: SUPPLY_VOLTS } : undefined;
}

/** The pin of a net that has one. */
export function pinOf(net: Net): number | undefined {
  return net && "pin" in net ? net.pin : undefined;
}

/** The level that a supply holds a net at. */
export function levelOf(net: Net): Level | undefined {
  if (!net || !("volts" in net)) return undefined;
  return net.volts > SUPPLY_VOLTS / 2 ? 1 : 0;
}

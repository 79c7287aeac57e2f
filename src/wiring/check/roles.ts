import { BUTTON, BUZZER, LCD, LED, POTENTIOMETER, RELAY, SERVO, THERMISTOR } from "../parts.js";

/** What a pin of the board is to do. */
export type PinUse = "input" | "analog" | "output" | "pwm" | "servo" | "tone" | "i2c";

/** What a kind of part wants from what it is wired to. */
export interface Role {
  /** Terminals that ask something of a pin of the board, and what. */
  readonly asks: Readonly<Record<string, PinUse>>;
  /** Terminals that it is fed through; parts without them take what they need from their pins. */
  readonly feed?: {
    readonly ground: string;
    readonly supply: string;
    /** What it draws at work, in milliamperes. */
    readonly drawsMa: number;
  };
  /** What one of the pins that it asks gives it, in milliamperes, besides what flows through resistors and LEDs. */
  readonly signalMa?: number;
  /** Terminals between which a current flows. */
  readonly between?: readonly [string, string];
  /** Pairs of terminals that it joins at times. */
  readonly switches?: readonly (readonly [string, string])[];
}

/** A moving micro servo takes 100 to 250 mA, a blocked one 700 (makers' sheets of the SG90). */
const SERVO_MA = 250;
/** The backlight behind its resistor, and the controllers (Hitachi HD44780U, Vishay LCD-016N002B). */
const LCD_MA = 30;
/** The coil of the usual SRD-05VDC-SL-C, 71 mA, and its LED. */
const RELAY_MA = 75;
/** 10 kΩ at 5 V, as potentiometers and thermistors have. */
const DIVIDER_MA = 0.5;

/** A piezo without a driver, at 5 V and a few kilohertz (Murata PKM22EPP: 2 mA; larger ones some more). */
const PIEZO_MA = 5;
/** The base of the relay's transistor behind 1 kΩ. */
const BASE_MA = 5;

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  [LED, { asks: { A: "output", C: "output" }, between: ["A", "C"] }],
  [BUZZER, { asks: { 1: "tone", 2: "tone" }, signalMa: PIEZO_MA, between: ["1", "2"] }],
  [BUTTON, { asks: { "1.l": "input", "2.l": "input" }, between: ["1.l", "2.l"], switches: [["1.l", "2.l"]] }],
  [POTENTIOMETER, { asks: { SIG: "analog" }, feed: { ground: "GND", supply: "VCC", drawsMa: DIVIDER_MA } }],
  [THERMISTOR, { asks: { OUT: "analog" }, feed: { ground: "GND", supply: "VCC", drawsMa: DIVIDER_MA } }],
  [SERVO, { asks: { PWM: "servo" }, feed: { ground: "GND", supply: "V+", drawsMa: SERVO_MA } }],
  [LCD, { asks: { SDA: "i2c", SCL: "i2c" }, feed: { ground: "GND", supply: "VCC", drawsMa: LCD_MA } }],
  [
    RELAY,
    {
      asks: { IN: "output" },
      signalMa: BASE_MA,
      feed: { ground: "GND", supply: "VCC", drawsMa: RELAY_MA },
      switches: [
        ["COM", "NO"],
        ["COM", "NC"],
      ],
    },
  ],
  // Its colours are mixed.
  ["wokwi-rgb-led", { asks: { R: "pwm", G: "pwm", B: "pwm" } }],
]);

/** What a part of this type wants, where that is known. */
export function findRole(type: string): Role | undefined {
  return ROLES.get(type);
}

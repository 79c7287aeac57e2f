import { BUTTON, BUZZER, LCD, LED, POTENTIOMETER, RELAY, RESISTOR, SERVO, THERMISTOR, UNO } from "./parts.js";
import type { Part } from "./wiring.js";

/** Longer texts from a file are cut, in characters: a picture is no place for them. */
const MAX_TEXT = 28;

/** What Wokwi takes a resistor without a value for, in ohms. */
export const DEFAULT_OHMS = "1000";

const NOUNS: ReadonlyMap<string, string> = new Map([
  [UNO, "Arduino Uno R3"],
  [LED, "LED"],
  [RESISTOR, "resistor"],
  [BUZZER, "piezo"],
  [BUTTON, "push button"],
  [POTENTIOMETER, "potentiometer"],
  [SERVO, "servo"],
  [THERMISTOR, "NTC thermistor, 10 kΩ"],
  [RELAY, "relay module"],
  [LCD, "display, 2 × 16"],
]);

/** What a part is, for people, without its value: "LED", "resistor". */
export function nameOf({ type }: Part): string {
  return NOUNS.get(type) ?? shorten(type);
}

/** The same with its value: "red LED", "resistor 220 Ω". */
export function describePart(part: Part): string {
  const { type, attrs } = part;
  if (type === RESISTOR) return `${nameOf(part)} ${formatOhms(attrs.value)}`;
  return type === LED ? shorten(`${attrs.color ?? "red"} ${nameOf(part)}`) : nameOf(part);
}

/** A resistor's value: "220 Ω", "4.7 kΩ". */
export function formatOhms(value: string = DEFAULT_OHMS): string {
  const ohms = Number(value);
  if (!(ohms >= 0)) return shorten(`${value} Ω`);
  if (ohms >= 1e6) return `${ohms / 1e6} MΩ`;
  return ohms >= 1e3 ? `${ohms / 1e3} kΩ` : `${ohms} Ω`;
}

export function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_TEXT ? text : `${characters.slice(0, MAX_TEXT - 1).join("")}…`;
}

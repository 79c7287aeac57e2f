import { checkWiring } from "../../../src/wiring/check/check.js";
import type { RuleName } from "../../../src/wiring/check/finding.js";
import type { PinAsk } from "../../../src/wiring/check/subject.js";
import { type PartRow, wiringOf } from "../diagrams.js";

/** A circuit, and what is found in it: by rule, severity and text. */
export interface CheckRow {
  readonly what: string;
  readonly parts: readonly PartRow[];
  /** Wires as "uno:13 r1:1". */
  readonly wires: readonly string[];
  readonly programs?: readonly PinAsk[];
  readonly found: readonly (readonly [RuleName, "error" | "warning", string])[];
}

export function foundIn({ parts, wires, programs = [] }: CheckRow): CheckRow["found"] {
  const wiring = wiringOf(
    parts,
    wires.map((wire) => {
      const [from = "", to = ""] = wire.split(" ");
      return [from, to];
    }),
  );
  return checkWiring(wiring, programs).map(({ rule, severity, text }) => [rule, severity, text]);
}

export const resistor = (id: string, ohms: number | string): PartRow => [
  id,
  "wokwi-resistor",
  { attrs: { value: String(ohms) } },
];
export const led = (id: string, color = "red"): PartRow => [id, "wokwi-led", { attrs: { color } }];
export const BUTTON: PartRow = ["btn1", "wokwi-pushbutton"];
export const BUZZER: PartRow = ["bz1", "wokwi-buzzer"];
export const POT: PartRow = ["pot1", "wokwi-potentiometer"];
export const LCD: PartRow = ["lcd1", "wokwi-lcd1602"];
export const RELAY: PartRow = ["relay1", "wokwi-relay-module"];
export const servo = (id: string): PartRow => [id, "wokwi-servo"];

/** Wires of an LED and its resistor from a pin to ground. */
export const lit = (pin: string | number, ledId: string, resistorId: string): string[] => [
  `uno:${pin} ${resistorId}:1`,
  `${resistorId}:2 ${ledId}:A`,
  `${ledId}:C uno:GND.1`,
];
export const fed = (id: string, supply = "VCC", from = "5V"): string[] => [
  `${id}:${supply} uno:${from}`,
  `${id}:GND uno:GND.2`,
];
export const ask = (pin: number, use: PinAsk["use"], by = "nodes.a"): PinAsk => ({
  ...{ pin, use, by },
  from: "program",
});

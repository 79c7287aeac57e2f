import { DEFAULT_OHMS } from "../describe.js";
import type { Net, Netlist } from "../netlist.js";
import { LED, RESISTOR } from "../parts.js";
import type { Wiring } from "../wiring.js";
import { findRole } from "./roles.js";

/** What leads a current from one net to another. */
export interface Element {
  readonly part: string;
  readonly kind: "resistor" | "led" | "switch";
  /** Of an LED the anode's. */
  readonly from: Net;
  /** Of an LED the cathode's. */
  readonly to: Net;
  /** Of a resistor; 0 of others. */
  readonly ohms: number;
  /** What an LED takes for itself; 0 of others. */
  readonly volts: number;
}

/**
 * Forward voltages at some milliamperes, the lowest that makers give, so that the current is not underestimated:
 * GaAsP and AlGaInP below 2 V, InGaN about 3 V (sheets of Kingbright WP7113 and Cree C503).
 */
const FORWARD_VOLTS: ReadonlyMap<string, number> = new Map([
  ["red", 1.8],
  ["orange", 1.9],
  ["yellow", 1.9],
  ["green", 1.9],
  ["limegreen", 1.9],
  ["blue", 2.9],
  ["white", 2.9],
  ["purple", 2.9],
]);
const LEAST_FORWARD_VOLTS = 1.8;

/** Forward voltage of an LED of this colour; the least of all where it is not known. */
export function forwardVolts(color: string | undefined): number {
  return FORWARD_VOLTS.get((color ?? "red").toLowerCase()) ?? LEAST_FORWARD_VOLTS;
}

/** A resistor's value, in ohms; Wokwi's own where it says nothing. A value that is none counts as no resistance. */
export function ohmsOf(value: string | undefined): number {
  const ohms = Number(value ?? DEFAULT_OHMS);
  return Number.isFinite(ohms) && ohms > 0 ? ohms : 0;
}

/** All that leads currents, in the order of the file; switches are taken as closed. */
export function elementsOf(wiring: Wiring, netlist: Netlist): readonly Element[] {
  return wiring.parts.flatMap(({ id, type, attrs }): Element[] => {
    const between = (one: string, other: string) => ({
      part: id,
      from: netlist.netOf({ part: id, pin: one }),
      to: netlist.netOf({ part: id, pin: other }),
    });
    if (type === LED)
      return [{ ...between("A", "C"), kind: "led", ohms: 0, volts: forwardVolts(attrs.color) }];
    if (type === RESISTOR)
      return [{ ...between("1", "2"), kind: "resistor", ohms: ohmsOf(attrs.value), volts: 0 }];
    return (findRole(type)?.switches ?? []).map(([one, other]) => ({
      ...between(one, other),
      kind: "switch",
      ohms: 0,
      volts: 0,
    }));
  });
}

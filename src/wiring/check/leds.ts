import type { Net } from "../netlist.js";
import type { Element } from "./elements.js";
import type { WiringFinding } from "./finding.js";
import { pinName, type Subject } from "./subject.js";
import { PIN_VOLTS, SUPPLY_VOLTS } from "./volts.js";

/** An LED between two places that the board holds, without a resistor in the way: nothing limits its current. */
export function findLedsWithoutResistor({ elements, walk }: Subject): readonly WiringFinding[] {
  return leds(elements).flatMap((led): WiringFinding[] => {
    const anode = walk.sources(led.from, ["led-up", "switch"], "all", led.part);
    const cathode = walk.sources(led.to, ["led-down", "switch"], "all", led.part);
    if (anode.length === 0 || cathode.length === 0 || led.from === led.to) return [];
    const pins = namesOf([...anode, ...cathode]);
    return [
      {
        rule: "led-resistor",
        severity: "error",
        parts: [led.part],
        pins,
        text: `${led.part} is between ${namesOf(anode).join(", ")} and ${namesOf(cathode).join(", ")} without a resistor: nothing limits its current`,
        mend: `Put a resistor of ${leastOhms(led)} Ω or more in series with it.`,
      },
    ];
  });
}

/** An LED whose anode is never above its cathode, though it would be the other way round. */
export function findLedsBackwards({ elements, walk }: Subject): readonly WiringFinding[] {
  return leds(elements).flatMap((led): WiringFinding[] => {
    const anode = walk.sources(led.from, ["resistor", "led-up", "switch"], "all", led.part);
    const cathode = walk.sources(led.to, ["resistor", "led-down", "switch"], "all", led.part);
    if (anode.length === 0 || cathode.length === 0) return [];
    const [a, c] = [rangeOf(anode), rangeOf(cathode)];
    if (a.most - c.least >= led.volts || c.most - a.least < led.volts) return [];
    return [
      {
        rule: "led-backwards",
        severity: "error",
        parts: [led.part],
        pins: namesOf([...anode, ...cathode]),
        text: `${led.part} is backwards: its anode A leads to ${namesOf(anode).join(", ")}, its cathode C to ${namesOf(cathode).join(", ")}`,
        mend: "Turn it round: the anode, the longer leg, belongs to the higher side.",
      },
    ];
  });
}

/** For 15 mA from a pin, the next value of the E12 row. */
const WANTED_MA = 15;
const E12 = [100, 120, 150, 180, 220, 270, 330];

function leastOhms({ volts }: Element): number {
  const ohms = ((PIN_VOLTS - volts) / WANTED_MA) * 1_000;
  return E12.find((value) => value >= ohms) ?? 330;
}

function leds(elements: readonly Element[]): readonly Element[] {
  return elements.filter(({ kind }) => kind === "led");
}

/** What the board may hold nets at, in volts: a pin is anything from low to high. */
function rangeOf(nets: readonly Net[]): { readonly least: number; readonly most: number } {
  const volts = nets.flatMap(({ pins, supplies }) => [
    ...supplies.map((supply) => SUPPLY_VOLTS[supply]),
    // A supply holds what a pin on its net would drive.
    ...(supplies.length === 0 && pins.length > 0 ? [0, PIN_VOLTS] : []),
  ]);
  return { least: Math.min(...volts), most: Math.max(...volts) };
}

function namesOf(nets: readonly Net[]): readonly string[] {
  return [...new Set(nets.flatMap(({ pins, supplies }) => [...pins.map(pinName), ...supplies]))];
}

import { BUTTON } from "../parts.js";
import type { WiringFinding } from "./finding.js";
import { pinName, type Subject } from "./subject.js";

/**
 * Buttons whose pin nothing holds while they are not pressed: it reads whatever is in the air. The chip can hold a pin
 * high (datasheet 14.2.3), for a button to ground, and has nothing to hold one low.
 */
export function findFloatingInputs({ known, netlist, walk, asks }: Subject): readonly WiringFinding[] {
  return known
    .filter(({ part }) => part.type === BUTTON)
    .flatMap(({ part }) =>
      ["1.l", "2.l"].flatMap((side, index, sides): WiringFinding[] => {
        const own = netlist.netOf({ part: part.id, pin: side });
        const other = netlist.netOf({ part: part.id, pin: sides[1 - index] ?? "" });
        const [pin] = own.pins;
        if (pin === undefined || own.supplies.length > 0 || other.supplies.length === 0) return [];
        const isHeld = walk
          .at(own)
          .filter(({ kind }) => kind === "resistor")
          .flatMap(({ from, to }) => walk.sources(from === own ? to : from, ["resistor"]))
          .some(({ supplies }) => supplies.length > 0);
        if (isHeld) return [];
        const isToGround = other.supplies.includes("GND");
        const without = asks.find((ask) => ask.pin === pin && ask.pullup === false);
        if (isToGround && !without) return [];
        const told = isToGround ? `, and ${without?.by} switches the chip's pull-up off` : "";
        return [
          {
            rule: "floating-input",
            severity: "error",
            parts: [part.id],
            pins: [pinName(pin)],
            text: `nothing holds pin ${pinName(pin)} while ${part.id} is not pressed${told}`,
            mend: isToGround
              ? `Let the chip hold it (pullup), or put 10 kΩ from pin ${pinName(pin)} to 5V.`
              : `Wire ${part.id} to GND, for the chip's own pull-up, or put 10 kΩ from pin ${pinName(pin)} to GND.`,
          },
        ];
      }),
    );
}

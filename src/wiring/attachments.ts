import { Nets } from "./nets.js";
import { FIRST_ANALOG_PIN, findPartType, findPinNumber, RESISTOR, UNO, unoPinName } from "./parts.js";
import type { Part, Wiring } from "./wiring.js";

/** A part and the pins of the Uno that its terminals are wired to. */
export interface Attachment {
  /** The part's id. */
  readonly part: string;
  /** What it is, in Wokwi's words: "wokwi-led". May be a type that circuit does not know. */
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
  /**
   * From each wired terminal to its pin of the Uno: "13", "A0", "GND", "5V", "3.3V", followed through
   * resistors. Where it reaches several, the nearest, and among those one that a program can use.
   * A terminal that reaches none is left out.
   */
  readonly terminals: Readonly<Record<string, string>>;
}

/** What is attached to the Uno: each part but the board itself and resistors, in the order of the file. */
export function attachments(wiring: Wiring): readonly Attachment[] {
  return reachedPins(wiring).map(({ part, terminals }) => ({
    part: part.id,
    type: part.type,
    attrs: part.attrs,
    terminals: Object.fromEntries(
      terminals.flatMap(({ terminal, unoPins }) => {
        const pin = unoPins.find((name) => findPinNumber(name) !== undefined) ?? unoPins[0];
        return pin === undefined ? [] : [[terminal, unoPinName(pin)]];
      }),
    ),
  }));
}

/** From each pin of the Uno that has parts, by Firmata's number (A0 is 14), to the ids of the parts there. */
export function wiredPins(wiring: Wiring): ReadonlyMap<number, readonly string[]> {
  const pins = new Map<number, string[]>();
  for (const { part, terminals } of reachedPins(wiring)) {
    for (const name of terminals.flatMap(({ unoPins }) => unoPins)) {
      const number = findPinNumber(name);
      if (number === undefined) continue;
      const ids = pins.get(number) ?? [];
      if (!ids.includes(part.id)) pins.set(number, [...ids, part.id]);
    }
  }
  return pins;
}

/** The wired pins for a message: "13 (led1), 8 (bz1)", or "none". */
export function describePins(wiring: Wiring): string {
  const pins = [...wiredPins(wiring)];
  if (pins.length === 0) return "none";
  return pins.map(([number, ids]) => `${nameOfPin(number)} (${ids.join(", ")})`).join(", ");
}

/** A part's pins: all that its type has, or those that wires name where the type is not known. */
export function pinsOf(wiring: Wiring, part: Part): readonly string[] {
  const known = findPartType(part.type);
  if (known !== undefined) return [...known.pins.keys()];
  const ends = wiring.wires.flatMap(({ from, to }) => [from, to]);
  return [...new Set(ends.filter((end) => end.part === part.id).map(({ pin }) => pin))];
}

function reachedPins(wiring: Wiring) {
  const nets = new Nets(wiring);
  return wiring.parts
    .filter(({ type }) => type !== UNO && type !== RESISTOR)
    .map((part) => ({
      part,
      terminals: pinsOf(wiring, part).map((terminal) => ({
        terminal,
        unoPins: nets.reach({ part: part.id, pin: terminal }).unoPins,
      })),
    }));
}

function nameOfPin(number: number): string {
  return number < FIRST_ANALOG_PIN ? String(number) : `A${number - FIRST_ANALOG_PIN}`;
}

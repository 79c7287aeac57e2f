import { pinsOf } from "./attachments.js";
import { Nets } from "./nets.js";
import { findPartType, findPinNumber, UNO, unoPinName } from "./parts.js";
import type { Part, PinReference, Wiring } from "./wiring.js";

/** What the board feeds its parts with. */
export type Supply = "GND" | "5V" | "3.3V" | "VIN";

/** Pins that one piece of metal joins. */
export interface Net {
  /** Pins of parts, in the order of the file; those of the board are below. */
  readonly ends: readonly PinReference[];
  /** Pins of the board by Firmata's number, each once, in the order of its headers. */
  readonly pins: readonly number[];
  readonly supplies: readonly Supply[];
  /** Pins of the board that are neither, such as RESET. */
  readonly others: readonly string[];
}

/** Every net of a wiring, also those of a single pin. */
export class Netlist {
  /** Those of the board's pins first, in the order of its headers. */
  readonly nets: readonly Net[];
  readonly #byName = new Map<string, Net>();
  readonly #names: Nets;

  constructor(wiring: Wiring) {
    this.#names = new Nets(wiring);
    const drafts = new Map<string, Draft>();
    const board = wiring.parts.filter(({ type }) => type === UNO);
    for (const part of [...board, ...wiring.parts.filter((part) => !board.includes(part))]) {
      for (const pin of pinsOf(wiring, part)) {
        const name = this.#names.nameOf({ part: part.id, pin });
        const draft = drafts.get(name) ?? {
          ends: [],
          pins: new Set(),
          supplies: new Set(),
          others: new Set(),
        };
        drafts.set(name, draft);
        addPin(draft, part, pin);
      }
    }
    for (const [name, { ends, pins, supplies, others }] of drafts)
      this.#byName.set(name, { ends, pins: [...pins], supplies: [...supplies], others: [...others] });
    this.nets = [...this.#byName.values()];
  }

  /** The net of a part's pin, which has one even without a wire; that of nothing where there is no such pin. */
  netOf(pin: PinReference): Net {
    return this.#byName.get(this.#names.nameOf(pin)) ?? { ends: [pin], pins: [], supplies: [], others: [] };
  }
}

/** Whether a net has more than the one part's pins on it. */
export function isWired(net: Net, part: string): boolean {
  return (
    net.pins.length + net.supplies.length + net.others.length > 0 || net.ends.some((end) => end.part !== part)
  );
}

/** A part's pins, one for those that are one piece of metal inside it: the first of them that has a wire. */
export function terminalsOf(wiring: Wiring, part: Part): readonly string[] {
  const joined = findPartType(part.type)?.joined ?? [];
  const ends = wiring.wires.flatMap(({ from, to }) => [from, to]);
  const hasWire = (pin: string) => ends.some((end) => end.part === part.id && end.pin === pin);
  return pinsOf(wiring, part).filter((pin) => {
    const same = joined.find((pins) => pins.includes(pin));
    return same === undefined || pin === (same.find(hasWire) ?? same[0]);
  });
}

interface Draft {
  readonly ends: PinReference[];
  readonly pins: Set<number>;
  readonly supplies: Set<Supply>;
  readonly others: Set<string>;
}

/** An Uno's IOREF is its 5 V. */
const SUPPLIES: ReadonlyMap<string, Supply> = new Map([
  ["GND", "GND"],
  ["5V", "5V"],
  ["IOREF", "5V"],
  ["3.3V", "3.3V"],
  ["VIN", "VIN"],
]);

function addPin(draft: Draft, { id, type }: Part, pin: string): void {
  if (type !== UNO) {
    draft.ends.push({ part: id, pin });
    return;
  }
  const number = findPinNumber(pin);
  const supply = SUPPLIES.get(unoPinName(pin));
  if (number !== undefined) draft.pins.add(number);
  else if (supply !== undefined) draft.supplies.add(supply);
  else draft.others.add(pin);
}

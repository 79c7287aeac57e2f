import { Netlist } from "../netlist.js";
import { FIRST_ANALOG_PIN, UNO } from "../parts.js";
import type { Part, Wiring } from "../wiring.js";
import { type Element, elementsOf } from "./elements.js";
import { findRole, type PinUse, type Role } from "./roles.js";
import { Walk } from "./walk.js";

/** Something that a pin of the board is to do. */
export interface PinAsk {
  /** Firmata's number. */
  readonly pin: number;
  readonly use: PinUse;
  /** Who asks: a part's id, or what a configuration calls a sketch or a pin. */
  readonly by: string;
  /** A part asks by being wired there; a program by what it says. */
  readonly from: "part" | "program";
  /** Of an input: whether the chip's own pull-up holds it. `undefined` where nobody says. */
  readonly pullup?: boolean | undefined;
}

/** A part that circuit knows the wants of. */
export interface KnownPart {
  readonly part: Part;
  readonly role: Role;
}

/** A wiring with all that its rules look at. */
export interface Subject {
  readonly wiring: Wiring;
  readonly netlist: Netlist;
  readonly known: readonly KnownPart[];
  readonly elements: readonly Element[];
  readonly walk: Walk;
  /** What parts ask of pins, in the order of the file, then what programs do. */
  readonly asks: readonly PinAsk[];
}

/** @param programs What sketches and pins of a configuration ask. */
export function subjectOf(wiring: Wiring, programs: readonly PinAsk[]): Subject {
  const netlist = new Netlist(wiring);
  const elements = elementsOf(wiring, netlist);
  const known = wiring.parts.flatMap((part): KnownPart[] => {
    const role = part.type === UNO ? undefined : findRole(part.type);
    return role ? [{ part, role }] : [];
  });
  const walk = new Walk(elements);
  const asks = known.flatMap(({ part, role }) =>
    Object.entries(role.asks).flatMap(([terminal, use]) =>
      walk
        .sources(netlist.netOf({ part: part.id, pin: terminal }), ["resistor"], "nearest")
        .flatMap(({ pins }) => pins)
        .map((pin): PinAsk => ({ pin, use, by: part.id, from: "part" })),
    ),
  );
  return { wiring, netlist, known, elements, walk, asks: [...distinct(asks), ...programs] };
}

/** An LED between two pins, say, asks each once. */
function distinct(asks: readonly PinAsk[]): readonly PinAsk[] {
  return asks.filter(
    (ask, index) => asks.findIndex((other) => other.pin === ask.pin && other.by === ask.by) === index,
  );
}

/** A pin as the board letters it. */
export function pinName(pin: number): string {
  return pin < FIRST_ANALOG_PIN ? String(pin) : `A${pin - FIRST_ANALOG_PIN}`;
}

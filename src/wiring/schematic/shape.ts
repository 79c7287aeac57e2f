import { findRole } from "../check/roles.js";
import { describePart, nameOf, shorten } from "../describe.js";
import { textWidth } from "../draw/svg.js";
import { terminalsOf } from "../netlist.js";
import { BUTTON, BUZZER, LED, POTENTIOMETER, RESISTOR } from "../parts.js";
import type { Part, Wiring } from "../wiring.js";

/** Height of the letters, in pixels; a sheet of 700 pixels on A4 has them 2.6 mm high. */
export const NAME_PX = 11;
export const PIN_PX = 10;

/** Between the terminals of a box, in pixels. */
const PIN_STEP = 24;
/** Of a box, above its first terminal and below its last, in pixels: its name and what it is. */
const HEAD = 48;
const FOOT = 24;
/** From a potentiometer's wiper to its ends. */
const POT_HALF = 30;

/** Where a part's terminals are, from the one that it is entered by, in pixels; y downwards. */
export interface Shape {
  /** A symbol with a wire in and a wire out, a potentiometer, or a box with names. */
  readonly kind: "strap" | "pot" | "box";
  /** From the left terminals' ends to the right ones'. */
  readonly width: number;
  /** What it covers above and below the entry, without what hangs on its terminals. */
  readonly up: number;
  readonly down: number;
  readonly left: ReadonlyMap<string, number>;
  readonly right: ReadonlyMap<string, number>;
  /** The terminal that is fed from above, and that to ground below. */
  readonly top?: string;
  readonly bottom?: string;
  /** Its name, and what else is written of it. */
  readonly name: string;
  readonly note: string;
}

/** Of the symbols with two ends: how far they and their words reach above the wire. */
const STRAP_UP: ReadonlyMap<string, number> = new Map([
  [RESISTOR, 26],
  [LED, 40],
  [BUTTON, 30],
  [BUZZER, 44],
]);

const STRAP_WIDTH = 72;
const STRAP_DOWN = 12;

/** @param entry The terminal that it is entered by, on its left. */
export function shapeOf(wiring: Wiring, part: Part, entry: string): Shape {
  const name = shorten(part.id);
  const up = STRAP_UP.get(part.type);
  if (up !== undefined) {
    const note = noteOf(part);
    const words = textWidth(`${name}  ${note}`, NAME_PX);
    const other = terminalsOf(wiring, part).find((terminal) => terminal !== entry) ?? "";
    const sides = { left: new Map([[entry, 0]]), right: new Map([[other, 0]]) };
    return {
      kind: "strap",
      width: Math.max(STRAP_WIDTH, words + 8),
      up,
      down: STRAP_DOWN,
      ...sides,
      name,
      note,
    };
  }
  if (part.type === POTENTIOMETER && entry === "SIG") {
    const words = Math.max(textWidth(name, NAME_PX), textWidth(nameOf(part), PIN_PX));
    return {
      ...{ kind: "pot", width: 48 + words, up: POT_HALF, down: POT_HALF, name, note: nameOf(part) },
      ...{ left: new Map([[entry, 0]]), right: new Map(), top: "VCC", bottom: "GND" },
    };
  }
  return boxOf(wiring, part, entry, name);
}

/** What is written beside a symbol that says by itself what it is. */
function noteOf(part: Part): string {
  if (part.type === RESISTOR) return describePart(part).replace("resistor ", "");
  return part.type === LED ? shorten(part.attrs.color ?? "red") : "";
}

function boxOf(wiring: Wiring, part: Part, entry: string, name: string): Shape {
  const role = findRole(part.type);
  const [top, bottom] = [role?.feed?.supply, role?.feed?.ground].map((pin) =>
    pin === entry ? undefined : pin,
  );
  const rights = [...new Set((role?.switches ?? []).flat())].filter((pin) => pin !== entry);
  const all = terminalsOf(wiring, part);
  const lefts = all.filter((pin) => pin !== top && pin !== bottom && !rights.includes(pin));
  if (!lefts.includes(entry)) lefts.unshift(entry);
  const note = nameOf(part);
  const first = lefts.indexOf(entry);
  const rows = Math.max(lefts.length, rights.length);
  const widest = (pins: readonly string[]) =>
    Math.max(0, ...pins.map((pin) => textWidth(shorten(pin), PIN_PX)));
  const words = Math.max(textWidth(name, NAME_PX), textWidth(note, PIN_PX)) + 16;
  const place = (pins: readonly string[]) => new Map(pins.map((pin, row) => [pin, (row - first) * PIN_STEP]));
  return {
    kind: "box",
    width: 2 * LEAD + Math.max(words, widest(lefts) + widest(rights) + 50, 90),
    up: HEAD + first * PIN_STEP,
    down: (rows - 1 - first) * PIN_STEP + FOOT,
    left: place(lefts),
    right: place(rights),
    ...(top !== undefined && { top }),
    ...(bottom !== undefined && { bottom }),
    name,
    note,
  };
}

/** A terminal's own piece of wire, in pixels. */
export const LEAD = 14;

import { describePart, shorten } from "../describe.js";
import {
  findPartType,
  type PartType,
  POTENTIOMETER,
  type Point,
  RELAY,
  RESISTOR,
  SERVO,
  THERMISTOR,
  UNO,
} from "../parts.js";
import { FAINT_INK, INK, PAPER } from "./colors.js";
import type { Box, PlacedPart } from "./geometry.js";
import { group, label, type Svg, textWidth } from "./svg.js";

/** An edge in the paper's colour, so that a wire below does not hide a text. */
const HALO = { stroke: PAPER, "stroke-width": 2.2, "paint-order": "stroke" };
const NAME_PX = 9.5;
const NOTE_PX = 8;
const GAP_PX = 5;
export interface PlacedLabel {
  readonly box: Box;
  readonly svg: Svg;
}

/** A part's name and what it is, on the side where it has no pins. The board needs none: it says UNO. */
export function labelPart(placed: PlacedPart): PlacedLabel | undefined {
  const { part, shape, box, pins } = placed;
  if (part.type === UNO) return undefined;
  const name = shorten(part.id);
  const note = shorten(part.attrs.label || (findPartType(part.type) ? describePart(part) : "unknown part"));
  const width = Math.max(textWidth(name, NAME_PX), textWidth(note, NOTE_PX));
  const height = NAME_PX + NOTE_PX + 3;
  const middleX = middleOf(placed);
  const middleY = (box.top + box.bottom) / 2;
  const side = sideOf(
    shape,
    box,
    [...pins.values()].map(({ y }) => y - middleY),
  );
  const [x, top, anchor] =
    side === "right"
      ? ([box.right + GAP_PX, middleY - height / 2, "start"] as const)
      : ([middleX, side === "above" ? box.top - GAP_PX - height : box.bottom + GAP_PX, "middle"] as const);
  const left = anchor === "start" ? x : x - width / 2;
  return {
    box: { left, top, right: left + width, bottom: top + height },
    svg: group(
      { ...HALO, "text-anchor": anchor },
      label(name, x, top + NAME_PX, { "font-size": NAME_PX, "font-weight": 700, fill: INK }),
      label(note, x, top + NAME_PX + NOTE_PX + 2, { "font-size": NOTE_PX, fill: FAINT_INK }),
    ),
  };
}

/** Between a part's legs, which is where its body is; a picture may be wider on one side. */
function middleOf({ box, pins }: PlacedPart): number {
  const xs = [...pins.values()].map(({ x }) => x);
  const inside = xs.length > 0 && xs.every((x) => x > box.left + 1 && x < box.right - 1);
  return inside ? xs.reduce((sum, x) => sum + x, 0) / xs.length : (box.left + box.right) / 2;
}

function sideOf(shape: PartType, box: Box, pinsBelowMiddle: readonly number[]): "above" | "below" | "right" {
  // A part with a wire at either end, stood upright.
  if (shape.type === RESISTOR && box.bottom - box.top > box.right - box.left) return "right";
  const sum = pinsBelowMiddle.reduce((total, y) => total + y, 0);
  return sum < -1 ? "below" : "above";
}

/** Kinds of part whose pins carry their names inside the picture, or need none. */
const UNNAMED: ReadonlySet<string> = new Set([UNO, RESISTOR, POTENTIOMETER, RELAY, THERMISTOR]);

/** The names of a part's pins, each beside its leg. */
export function labelPins({ shape, pins, box }: PlacedPart): Svg {
  if (UNNAMED.has(shape.type) || findPartType(shape.type) === undefined) return "";
  const xs = [...pins.values()].map(({ x }) => x);
  const betweenLegs = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  // A servo's leads lie close to each other: their names stand on the leads, off the wires.
  if (shape.type === SERVO)
    return group(
      { ...HALO, "font-size": 6.5, fill: INK },
      ...[...pins].map(([name, { x, y }]) => label(name, x + 4, y + 2.3)),
    );
  return group(
    { ...HALO, "font-size": 6.5, fill: INK },
    ...[...pins].map(([name, pin]) => labelPin(name, pin, box, betweenLegs)),
  );
}

/** Above a leg that stands out to the side; otherwise on its outer side, off the wire that comes to it. */
function labelPin(name: string, { x, y }: Point, box: Box, betweenLegs: number): Svg {
  const atSide = x < box.left + 1 || x > box.right - 1;
  const leftwards = x < (atSide ? (box.left + box.right) / 2 : betweenLegs);
  const gap = atSide ? 2 : 3.5;
  const drop = atSide ? -4 : y > (box.top + box.bottom) / 2 ? -1.5 : 6;
  return label(name, x + (leftwards ? -gap : gap), y + drop, { "text-anchor": leftwards ? "end" : "start" });
}

import { pinsOf } from "../attachments.js";
import { findPartType, type PartType, type Point } from "../parts.js";
import type { Part, PinReference, Wiring } from "../wiring.js";
import { textWidth } from "./svg.js";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A part where it stands in the picture. */
export interface PlacedPart {
  readonly part: Part;
  readonly shape: PartType;
  /** Around the part as rotated. */
  readonly box: Box;
  /** Each pin, as rotated. */
  readonly pins: ReadonlyMap<string, Point>;
}

/** Where everything that the wiring shows stands, in the order of the file. */
export function placeParts(wiring: Wiring): readonly PlacedPart[] {
  return wiring.parts.filter(({ hide }) => !hide).map((part) => placePart(part, shapeOf(wiring, part)));
}

function placePart(part: Part, shape: PartType): PlacedPart {
  const toPage = ({ x, y }: Point): Point => {
    const turned = rotateAbout({ x: shape.width / 2, y: shape.height / 2 }, { x, y }, part.rotate);
    return { x: part.left + turned.x, y: part.top + turned.y };
  };
  const corners = [
    { x: 0, y: 0 },
    { x: shape.width, y: 0 },
    { x: 0, y: shape.height },
    { x: shape.width, y: shape.height },
  ].map(toPage);
  return {
    part,
    shape,
    box: boxAround(corners),
    pins: new Map([...shape.pins].map(([name, at]) => [name, toPage(at)])),
  };
}

function rotateAbout(middle: Point, { x, y }: Point, degrees: number): Point {
  const [sin, cos] = turn(degrees);
  const [dx, dy] = [x - middle.x, y - middle.y];
  return { x: middle.x + dx * cos - dy * sin, y: middle.y + dx * sin + dy * cos };
}

/** Sine and cosine, exact for quarter turns, so that a wire to a turned part stays straight. */
function turn(degrees: number): readonly [sin: number, cos: number] {
  const radians = ((degrees % 360) * Math.PI) / 180;
  const exact = (value: number) => (Math.abs(value - Math.round(value)) < 1e-9 ? Math.round(value) : value);
  return [exact(Math.sin(radians)), exact(Math.cos(radians))];
}

export function boxAround(points: readonly Point[]): Box {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

export function cornersOf({ left, top, right, bottom }: Box): readonly Point[] {
  return [
    { x: left, y: top },
    { x: right, y: bottom },
  ];
}

/** A pin's place and its part, where the picture shows it. */
export function findPin(
  parts: readonly PlacedPart[],
  { part: id, pin }: PinReference,
): readonly [Point, PlacedPart] | undefined {
  const placed = parts.find(({ part }) => part.id === id);
  const place = placed?.pins.get(pin);
  return placed && place && [place, placed];
}

/** Between the pins of a part whose kind is not known, in pixels: room for their names. */
const UNKNOWN_PIN_STEP_PX = 12;
const UNKNOWN_HEAD_PX = 22;

/** The shape of a part; one that is not known is a box with the pins that wires name down its left side. */
function shapeOf(wiring: Wiring, part: Part): PartType {
  const known = findPartType(part.type);
  if (known !== undefined) return known;
  const names = pinsOf(wiring, part);
  const longest = Math.max(textWidth(part.type, 7) + 12, ...names.map((name) => textWidth(name, 7) + 20));
  return {
    type: part.type,
    width: Math.max(60, longest),
    height: UNKNOWN_HEAD_PX + Math.max(1, names.length) * UNKNOWN_PIN_STEP_PX,
    pins: new Map(
      names.map((name, index) => [name, { x: 0, y: UNKNOWN_HEAD_PX + (index + 0.3) * UNKNOWN_PIN_STEP_PX }]),
    ),
    joined: [],
  };
}

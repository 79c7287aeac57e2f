import type { Point } from "../parts.js";
import type { Box, PlacedPart } from "./geometry.js";
import { round, type Svg } from "./svg.js";

/** How far from a part a wire passes that goes around it: the nearest lane, and the next ones. */
const CLEARANCE_PX = 9;
const LANE_PX = 5;
/** Wires take the lanes in turn, so that few run on top of each other. */
const LANES = 4;
/** A pixel over a part is as bad as this many around it, and a corner as this many in a straight line. */
const OVER_PART_COST = 10;
const CORNER_COST = 6;

/**
 * The corners of a wire, from pin to pin.
 *
 * It follows the file's steps from both ends, as Wokwi does, and joins what is left by straight lines, if
 * need be around the two parts that it joins: the best of a few dozen ways, not of all there are.
 *
 * @param index The wire's number in the diagram.
 */
export function routeWire(
  [from, fromPart]: readonly [Point, PlacedPart],
  [to, toPart]: readonly [Point, PlacedPart],
  steps: readonly string[],
  parts: readonly PlacedPart[],
  index: number,
): readonly Point[] {
  const middle = steps.indexOf("*");
  const [first, last] = middle < 0 ? [steps, []] : [steps.slice(0, middle), steps.slice(middle + 1)];
  const head = walk(from, first);
  const tail = walk(to, last.toReversed()).toReversed();
  const boxes = parts.map(({ box }) => box);
  const ways = joins(
    head.at(-1) ?? from,
    tail[0] ?? to,
    [fromPart.box, toPart.box],
    CLEARANCE_PX + LANE_PX * (index % LANES),
  ).map(withoutStraightCorners);
  const costs = ways.map((way) => costOf(way, boxes));
  const way = ways[costs.indexOf(Math.min(...costs))] ?? [];
  return withoutStraightCorners([...head, ...way.slice(1, -1), ...tail]);
}

function walk(start: Point, steps: readonly string[]): readonly Point[] {
  const points = [start];
  let { x, y } = start;
  for (const step of steps) {
    const distance = Number(step.slice(1));
    if (step.startsWith("h")) x += distance;
    else if (step.startsWith("v")) y += distance;
    else continue;
    points.push({ x, y });
  }
  return points;
}

/** Ways to join two points by lines across and down, on lanes between them and around the boxes. */
function joins(a: Point, b: Point, boxes: readonly Box[], clearance: number): readonly (readonly Point[])[] {
  const lanesX = boxes.flatMap(({ left, right }) => [left - clearance, right + clearance]);
  const lanesY = boxes.flatMap(({ top, bottom }) => [top - clearance, bottom + clearance]);
  const across = (x: number) => [a, { x, y: a.y }, { x, y: b.y }, b];
  const down = (y: number) => [a, { x: a.x, y }, { x: b.x, y }, b];
  return [
    ...[b.x, a.x, (a.x + b.x) / 2, ...lanesX].map(across),
    ...[(a.y + b.y) / 2, ...lanesY].map(down),
    ...lanesY.flatMap((y) =>
      lanesX.flatMap((x) =>
        lanesY.map((otherY) => [a, { x: a.x, y }, { x, y }, { x, y: otherY }, { x: b.x, y: otherY }, b]),
      ),
    ),
  ];
}

function costOf(way: readonly Point[], boxes: readonly Box[]): number {
  const length = way.reduce((sum, point, index) => sum + distance(way[index - 1] ?? point, point), 0);
  return length + lengthOver(boxes, way) * OVER_PART_COST + way.length * CORNER_COST;
}

function lengthOver(boxes: readonly Box[], points: readonly Point[]): number {
  let length = 0;
  for (const [index, b] of points.entries()) {
    const a = points[index - 1];
    if (a === undefined) continue;
    for (const { left, top, right, bottom } of boxes) {
      const width = Math.min(Math.max(a.x, b.x), right) - Math.max(Math.min(a.x, b.x), left);
      const height = Math.min(Math.max(a.y, b.y), bottom) - Math.max(Math.min(a.y, b.y), top);
      if (width >= 0 && height >= 0) length += width + height;
    }
  }
  return length;
}

function withoutStraightCorners(points: readonly Point[]): readonly Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const [before, last] = [kept.at(-2), kept.at(-1)];
    if (last !== undefined && same(last.x, point.x) && same(last.y, point.y)) continue;
    const straight =
      before !== undefined &&
      last !== undefined &&
      ((same(before.x, last.x) && same(last.x, point.x)) ||
        (same(before.y, last.y) && same(last.y, point.y)));
    if (straight) kept.pop();
    kept.push(point);
  }
  return kept;
}

/** Steps are decimal fractions, so two ways to one place differ by rounding. */
function same(a: number, b: number): boolean {
  return Math.abs(a - b) < 0.01;
}

/** A path along the corners, each rounded off. */
export function toPath(points: readonly Point[], radiusPx: number): Svg {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (before === undefined) return `M${at(point)}`;
      if (after === undefined) return `L${at(point)}`;
      const radius = Math.min(radiusPx, distance(before, point) / 2, distance(point, after) / 2);
      return `L${at(toward(point, before, radius))}Q${at(point)} ${at(toward(point, after, radius))}`;
    })
    .join("");
}

function at({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function toward(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) * length) / whole, y: from.y + ((to.y - from.y) * length) / whole };
}

import type { TapeEdge } from "./tape.js";

/** Where a servo was told to be by one pulse. */
export interface Angle {
  /** When the pulse ended, in milliseconds. */
  readonly atMs: number;
  readonly degrees: number;
}

/** Lengths of the pulses of 0° and 180°, in microseconds. */
export type PulseRange = readonly [number, number];

/** Johnny-Five's own. */
export const JOHNNY_FIVE_US: PulseRange = [600, 2_400];

/** A longer one is no pulse, but a pin that is left high, in microseconds. */
const LONGEST_PULSE_US = 10_000;

const HALF_TURN_DEGREES = 180;

const US_PER_MS = 1_000;

/** What the pulses of a servo's pin told it. */
export function anglesOf(edges: readonly TapeEdge[], [from, to] = JOHNNY_FIVE_US): readonly Angle[] {
  return edges.flatMap(({ level, atMs }, index) => {
    const rise = edges[index - 1];
    if (level === 1 || rise === undefined) return [];
    const pulseUs = (atMs - rise.atMs) * US_PER_MS;
    return pulseUs > LONGEST_PULSE_US
      ? []
      : [{ atMs, degrees: (HALF_TURN_DEGREES * (pulseUs - from)) / (to - from) }];
  });
}

/** What is nearer to a straight line is none of a motion's corners: a firmware's pulses are off by less, in degrees. */
const CORNER_DEGREES = 3;

/** The corners of a motion: between two of them it is even. By Ramer, Douglas and Peucker. */
export function cornersOf(angles: readonly Angle[]): readonly Angle[] {
  const kept = new Set([0, angles.length - 1]);
  const open: [number, number][] = [[0, angles.length - 1]];
  for (let part = open.pop(); part; part = open.pop()) {
    const [first, last] = part;
    let [farthest, most] = [first, CORNER_DEGREES];
    for (let index = first + 1; index < last; index++) {
      const off = offLine(angles[index], angles[first], angles[last]);
      if (off > most) [farthest, most] = [index, off];
    }
    if (farthest === first) continue;
    kept.add(farthest);
    open.push([first, farthest], [farthest, last]);
  }
  return angles.filter((_, index) => kept.has(index));
}

/** How far an angle is from the straight way between two others, in degrees. */
export function offLine(angle: Angle | undefined, from: Angle | undefined, to: Angle | undefined): number {
  if (!angle || !from || !to) return 0;
  const share = to.atMs > from.atMs ? (angle.atMs - from.atMs) / (to.atMs - from.atMs) : 0;
  return Math.abs(angle.degrees - from.degrees - share * (to.degrees - from.degrees));
}

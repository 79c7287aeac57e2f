import type { PinEdges } from "./edge-store.js";

/** What a plot draws: seconds, and for each pin its heights, two for each column of pixels. */
export type Lanes = [seconds: Float64Array, ...heights: Float64Array[]];

/** Height of a high level in a lane of 1. */
const HIGH = 0.7;

/**
 * The levels of pins between two times, as many columns wide: a column without an edge has one level, a column with some
 * goes from low to high. Costs a search for each column, however many edges there are.
 */
export function lanesOf(pins: readonly PinEdges[], fromMs: number, toMs: number, columns: number): Lanes {
  const stepMs = (toMs - fromMs) / columns;
  const seconds = new Float64Array(columns * 2);
  for (let index = 0; index < seconds.length; index++)
    seconds[index] = (fromMs + (index * stepMs) / 2) / 1_000;
  const heights = pins.map((edges, row) => laneOf(edges, pins.length - 1 - row, { fromMs, stepMs, columns }));
  return [seconds, ...heights];
}

function laneOf(
  edges: PinEdges,
  base: number,
  { fromMs, stepMs, columns }: { readonly fromMs: number; readonly stepMs: number; readonly columns: number },
): Float64Array {
  const heights = new Float64Array(columns * 2);
  let before = edges.before(fromMs);
  for (let column = 0; column < columns; column++) {
    const after = edges.before(fromMs + (column + 1) * stepMs);
    const first = edges.levelAfter(before - 1);
    const last = edges.levelAfter(after - 1);
    // Several edges in a column: it is both.
    heights[column * 2] = base + HIGH * (after - before > 1 ? 0 : first);
    heights[column * 2 + 1] = base + HIGH * (after - before > 1 ? 1 : last);
    before = after;
  }
  return heights;
}

/** What a pin does about a moment: how long its level lasts, and how often it comes again. */
export function describeAt(edges: PinEdges, atMs: number): string {
  const next = edges.before(atMs);
  const [start, end, later] = [edges.timeOf(next - 1), edges.timeOf(next), edges.timeOf(next + 1)];
  const level = edges.levelAfter(next - 1) === 1 ? "high" : "low";
  if (start === undefined || end === undefined) return level;
  const lasts = `${level} for ${formatMs(end - start)}`;
  if (later === undefined) return lasts;
  const periodMs = later - start;
  return `${lasts}, ${formatHz(1_000 / periodMs)}, ${Math.round(((level === "high" ? end - start : later - end) / periodMs) * 100)} % high`;
}

/** A time as a person reads it, from microseconds to hours. */
export function formatMs(ms: number): string {
  if (ms < 1) return `${Number((ms * 1_000).toPrecision(4))} µs`;
  if (ms < 1_000) return `${Number(ms.toPrecision(4))} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toPrecision(4))} s`;
  if (ms < 3_600_000) return `${Number((ms / 60_000).toPrecision(4))} min`;
  return `${Number((ms / 3_600_000).toPrecision(4))} h`;
}

export function formatHz(hz: number): string {
  return hz >= 1_000 ? `${Number((hz / 1_000).toPrecision(4))} kHz` : `${Number(hz.toPrecision(4))} Hz`;
}

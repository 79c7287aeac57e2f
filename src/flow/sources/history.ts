import { CircuitError } from "../../core/error.js";
import type { FlowContext, SourceFunction } from "../source.js";
import { checkGrid, type Grid, nextOnGrid, type Tick } from "./ticks.js";
import { sleepUntil, systemWall, type Wall } from "./wall.js";

/** A moment: a date, or milliseconds of the Unix epoch. */
export type Moment = Date | number;

export interface HistoryOptions extends Grid {
  /** Where it begins, this moment included. A function is asked at each start, and may know how far the last one came. */
  readonly from: Moment | (() => Moment | Promise<Moment>);
  /** Where it ends, this moment excluded, so that the next history may begin with it. Without it, it goes on for ever. */
  readonly to?: Moment;
  /** The host's own date by default. */
  readonly wall?: Wall;
}

/**
 * The ticks that `ticks` would have had: those of the past as fast as they are taken, then live ones, without a gap or a
 * repeat. A live one that is not taken in time comes late, and is not left out. From a moment that is always the same it can
 * be a source that `resumes`.
 *
 * @throws {CircuitError} `USAGE` for a grid or a moment that cannot be.
 */
export function history({ from, to, wall = systemWall, ...grid }: HistoryOptions): SourceFunction<Tick> {
  checkGrid("replay a history", grid);
  const endMs = to === undefined ? Number.POSITIVE_INFINITY : momentOf(to);
  if (typeof from !== "function") momentOf(from);
  return async function* history(context: FlowContext): AsyncGenerator<Tick, void> {
    const fromMs = momentOf(typeof from === "function" ? await from() : from);
    const firstMs = firstFrom(grid, fromMs) + (context.from ?? 0) * grid.everyMs;
    for (let atMs = firstMs; atMs < endMs; atMs = nextOnGrid(grid, atMs)) {
      const isLive = atMs > wall();
      if (!(await sleepUntil(context, wall, atMs))) return;
      yield { atMs, missed: 0, isLive };
    }
  };
}

/** The first moment of the grid that is not before a moment. */
function firstFrom(grid: Grid, fromMs: number): number {
  const afterMs = nextOnGrid(grid, fromMs);
  return afterMs - grid.everyMs === fromMs ? fromMs : afterMs;
}

function momentOf(moment: Moment): number {
  const atMs = Number(moment);
  if (Number.isFinite(atMs)) return atMs;
  throw new CircuitError("USAGE", `Cannot replay a history: ${String(moment)} is no moment`, {
    hint: 'Give a date, for example new Date("2026-01-01T00:00:00Z").',
  });
}

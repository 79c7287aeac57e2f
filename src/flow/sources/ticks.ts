import { CircuitError } from "../../core/error.js";
import type { FlowContext, SourceFunction } from "../source.js";
import { sleepUntil, systemWall, type Wall } from "./wall.js";

/** A moment of a grid, or of a cron expression. */
export interface Tick {
  /** The moment that was meant, in milliseconds of the Unix epoch. */
  readonly atMs: number;
  /** Ticks that came due before this one and were left out because nobody took them in time. */
  readonly missed: number;
  /** `false` for one of the past, which `history` fills in. */
  readonly isLive: boolean;
}

/**
 * What becomes of ticks that came due while nobody took them: the `latest` of them comes at once (by default), `all`
 * come, as fast as they are taken, or they are left out (`skip`) and the next one is waited for. `missed` counts those
 * left out.
 */
export type Overrun = "latest" | "all" | "skip";

export interface Grid {
  /** From one tick to the next, in milliseconds. */
  readonly everyMs: number;
  /** How long after a multiple of `everyMs` in the Unix epoch, in milliseconds. 0 by default: on the full minute, in UTC. */
  readonly offsetMs?: number;
}

export interface TicksOptions extends Grid {
  readonly overrun?: Overrun;
  /** The host's own date by default. */
  readonly wall?: Wall;
}

/**
 * Ticks on a grid that begins with the Unix epoch: every machine, and each start, has the same.
 *
 * @throws {CircuitError} `USAGE` for a grid that cannot be.
 */
export function ticks({
  overrun = "latest",
  wall = systemWall,
  ...grid
}: TicksOptions): SourceFunction<Tick> {
  checkGrid("tick", grid);
  const next = (afterMs: number) => nextOnGrid(grid, afterMs);
  return function ticks(context) {
    return takeTicks(context, next, { overrun, wall });
  };
}

/** The first moment of the grid after a moment, both in milliseconds of the Unix epoch. */
export function nextOnGrid({ everyMs, offsetMs = 0 }: Grid, afterMs: number): number {
  return (Math.floor((afterMs - offsetMs) / everyMs) + 1) * everyMs + offsetMs;
}

/** Lets through a grid that has moments. */
export function checkGrid(what: string, { everyMs, offsetMs = 0 }: Grid): void {
  const isGrid = Number.isFinite(everyMs) && everyMs > 0 && Number.isFinite(offsetMs);
  if (isGrid) return;
  throw new CircuitError("USAGE", `Cannot ${what} every ${everyMs} ms with an offset of ${offsetMs} ms`, {
    hint: "Give a number of milliseconds above 0, for example { everyMs: 60_000 }.",
  });
}

/** When a schedule's next moment is, after a moment; `undefined` where it has no other. In milliseconds of the epoch. */
export type NextMoment = (afterMs: number) => number | undefined;

/** Yields what a schedule has, from now on until it ends. Where the host's date is set back, no tick comes twice. */
export async function* takeTicks(
  context: Pick<FlowContext, "clock" | "signal">,
  next: NextMoment,
  { overrun, wall }: { readonly overrun: Overrun; readonly wall: Wall },
): AsyncGenerator<Tick, void> {
  const isSuperseded = (dueMs: number) => overrun === "latest" && (next(dueMs) ?? Infinity) <= wall();
  let missed = 0;
  for (let dueMs = next(wall()); dueMs !== undefined; dueMs = next(dueMs)) {
    if ((overrun === "skip" && dueMs < wall()) || isSuperseded(dueMs)) {
      missed++;
      continue;
    }
    if (!(await sleepUntil(context, wall, dueMs))) return;
    // The host may have slept for longer than it meant to.
    if (isSuperseded(dueMs)) {
      missed++;
      continue;
    }
    yield { atMs: dueMs, missed, isLive: true };
    missed = 0;
  }
}

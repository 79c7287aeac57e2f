import { Cron } from "croner";
import { CircuitError, messageOf } from "../../core/error.js";
import type { SourceFunction } from "../source.js";
import { type NextMoment, type Overrun, type Tick, takeTicks } from "./ticks.js";
import { systemWall, type Wall } from "./wall.js";

export interface CronOptions {
  /** By its IANA name, for example `Europe/Berlin`; that of the host by default. */
  readonly timeZone?: string;
  /** What becomes of ticks that came due while nobody took them; the `latest` of them comes at once by default. */
  readonly overrun?: Overrun;
  /** The host's own date by default. */
  readonly wall?: Wall;
}

/**
 * Ticks by a cron expression of five fields, of six with seconds first, or of seven with a year last; or a single one by
 * a date such as `2026-12-24T18:00:00`. It ends where nothing comes any more.
 *
 * What a clock leaves out in spring comes right after the gap, what it has twice in autumn comes once, where it names an
 * hour.
 *
 * @throws {CircuitError} `USAGE` for an expression or a time zone that cannot be.
 */
export function cron(
  expression: string,
  { timeZone, overrun = "latest", wall = systemWall }: CronOptions = {},
): SourceFunction<Tick> {
  const next = scheduleOf(expression, timeZone);
  return function cron(context) {
    return takeTicks(context, next, { overrun, wall });
  };
}

function scheduleOf(expression: string, timeZone: string | undefined): NextMoment {
  try {
    const schedule = new Cron(expression, {
      paused: true,
      ...(timeZone !== undefined && { timezone: timeZone }),
    });
    const next = (afterMs: number) => schedule.nextRun(new Date(afterMs))?.getTime();
    // An unknown time zone shows only here.
    next(0);
    return next;
  } catch (cause) {
    const where = timeZone === undefined ? "" : ` in ${timeZone}`;
    throw new CircuitError("USAGE", `Cannot tick by "${expression}"${where}: ${messageOf(cause)}`, {
      cause,
      hint: 'Write it like cron("*/5 9-17 * * MON-FRI", { timeZone: "Europe/Berlin" }).',
    });
  }
}

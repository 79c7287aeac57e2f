import { type Clock, systemClock } from "../core/clock.js";
import type { Entry } from "../record/entry.js";
import type { Only } from "../record/only.js";
import { Teller, type Told } from "../record/teller.js";

export interface PlayOptions {
  /** How many times as fast as it happened; `Infinity` for without waiting. */
  readonly speed: number;
  /** Where to begin, in milliseconds since the recording began; what was before is not told. */
  readonly fromMs: number;
  readonly only: Only;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** Takes each thing; the next one waits for it. */
  readonly tell: (told: Told) => Promise<void>;
}

/**
 * Plays what happened, at its pace.
 *
 * @returns How many things were told.
 * @throws The signal's own reason.
 */
export async function play(entries: AsyncIterable<Entry>, options: PlayOptions): Promise<number> {
  const { speed, fromMs, only, signal, tell, clock = systemClock } = options;
  const startMs = clock.now();
  const teller = new Teller();
  let count = 0;
  for await (const entry of entries) {
    signal.throwIfAborted();
    // What was before is read all the same: what a pin's level or a message's node was.
    for (const told of teller.tell(entry)) {
      if (told.atMs < fromMs || !only.fits(told)) continue;
      const waitMs = startMs + (told.atMs - fromMs) / speed - clock.now();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      await tell(told);
      count++;
    }
  }
  return count;
}

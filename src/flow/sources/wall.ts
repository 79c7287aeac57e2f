import type { FlowContext } from "../source.js";

/** Milliseconds of the Unix epoch. A `Clock` has moments and no dates; what is due at a date needs both. */
export type Wall = () => number;

/** The host's own date. It is looked up at each call, so that virtual time, which replaces it, reaches it too. */
export const systemWall: Wall = () => Date.now();

/** Somebody may set the host's date, or suspend it: nobody sleeps for longer without looking. */
const LONGEST_NAP_MS = 60_000;

/** Sleeps until a date, or not at all where it is over. Resolves with `false` when the signal is aborted. */
export async function sleepUntil(
  { clock, signal }: Pick<FlowContext, "clock" | "signal">,
  wall: Wall,
  atMs: number,
): Promise<boolean> {
  for (let leftMs = atMs - wall(); leftMs > 0; leftMs = atMs - wall()) {
    if (!(await nap({ clock, signal }, Math.min(leftMs, LONGEST_NAP_MS)))) return false;
  }
  return !signal.aborted;
}

/** Sleeps so long. Resolves with `false` when the signal is aborted. */
export async function nap(
  { clock, signal }: Pick<FlowContext, "clock" | "signal">,
  delayMs: number,
): Promise<boolean> {
  try {
    await clock.sleep(delayMs, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
  return !signal.aborted;
}

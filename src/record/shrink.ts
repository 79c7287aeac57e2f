import type { Entry } from "./entry.js";
import { joined, openingLength, type Stretch, stretchesOf } from "./stretches.js";

/** How a shrinking goes. */
export interface ShrinkProgress {
  readonly tries: number;
  /** Of the shortest so far. */
  readonly entries: number;
  readonly durationMs: number;
}

export interface ShrinkOptions {
  /** Whether the test still fails on these entries. */
  readonly fails: (entries: readonly Entry[]) => Promise<boolean>;
  /** Most tries of the test. */
  readonly mostTries: number;
  /** Ends it; the shortest so far is what is returned. */
  readonly signal: AbortSignal;
  readonly progress?: (progress: ShrinkProgress) => void;
}

/**
 * Looks for the shortest recording on which a test still fails: tries to do without stretches of it, first long ones, then
 * shorter ones, and then without single messages from a board (delta debugging, Zeller 2002). What comes after a stretch that is
 * left out comes that much earlier. That boards are opened and tell what they are is always left in.
 *
 * @param entries On which the test fails.
 */
export async function shrink(entries: readonly Entry[], options: ShrinkOptions): Promise<readonly Entry[]> {
  const tries = new Tries(entries, options);
  const opening = entries.slice(0, openingLength(entries));
  const fromMs = opening.at(-1)?.atMs ?? 0;
  const withStretches = (kept: readonly Stretch[]) => [...opening, ...joined(kept, fromMs)];
  const stretches = stretchesOf(entries.slice(opening.length), fromMs);
  const shorter = withStretches(await reduce(stretches, (kept) => tries.fails(withStretches(kept))));
  const withInputs = (kept: readonly Entry[]) => {
    const left = new Set(kept);
    return shorter.filter((entry, at) => at < opening.length || !isInput(entry) || left.has(entry));
  };
  const inputs = shorter.slice(opening.length).filter(isInput);
  return withInputs(await reduce(inputs, (kept) => tries.fails(withInputs(kept))));
}

/** What comes from outside. */
function isInput({ kind }: Entry): boolean {
  return kind === "to-host" || kind === "message" || kind === "event";
}

/** Counts tries, and says no when there are to be no more. */
class Tries {
  readonly #options: ShrinkOptions;
  #count = 0;
  #best: readonly Entry[];

  constructor(entries: readonly Entry[], options: ShrinkOptions) {
    this.#best = entries;
    this.#options = options;
  }

  async fails(entries: readonly Entry[]): Promise<boolean> {
    const { fails, mostTries, signal, progress } = this.#options;
    if (signal.aborted || this.#count >= mostTries) return false;
    this.#count++;
    const hasFailed = (await fails(entries)) && !signal.aborted;
    if (hasFailed) this.#best = entries;
    const durationMs = (this.#best.at(-1)?.atMs ?? 0) - (this.#best[0]?.atMs ?? 0);
    progress?.({ tries: this.#count, entries: this.#best.length, durationMs });
    return hasFailed;
  }
}

/** Leaves out as many items as can be left out, in ever smaller runs. @param isEnough Whether these do. */
async function reduce<Item>(
  items: readonly Item[],
  isEnough: (kept: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let kept = items;
  for (let run = kept.length; run >= 1; run = Math.floor(run / 2)) {
    // From the end: what is after the failure goes first, and at once.
    for (let at = kept.length; at > 0; ) {
      const from = Math.max(0, at - run);
      const without = [...kept.slice(0, from), ...kept.slice(at)];
      if (await isEnough(without)) kept = without;
      at = from;
    }
  }
  return kept;
}

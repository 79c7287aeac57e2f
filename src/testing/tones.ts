import type { TapeEdge } from "./tape.js";

/** What a piezo sounded, between two rests or changes of pitch. */
export interface Tone {
  /** Mean over its periods, in hertz. */
  readonly frequencyHz: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Periods over whose median a pitch is read: a wire's clock makes every fourth of them an eighth longer. */
const WINDOW = 5;

/** Another pitch, as a ratio of periods: half a semitone. */
const STEP = 2 ** (0.5 / 12);

/** A period that is longer than its neighbours by this factor has a rest in it. */
const REST = 1.5;

/** Fewer are a click and have no pitch. */
const FEWEST_PERIODS = 3;

const MS_PER_SECOND = 1_000;
const CENTS_PER_OCTAVE = 1_200;

/** How far a frequency is above another, in cents. */
export function centsBetween(frequencyHz: number, referenceHz: number): number {
  return CENTS_PER_OCTAVE * Math.log2(frequencyHz / referenceHz);
}

/** The tones of a pin's edges. Notes of a melody are told apart by half a semitone, or a rest. */
export function tonesOf(edges: readonly TapeEdge[]): readonly Tone[] {
  const rises = edges.filter(({ level }) => level === 1).map(({ atMs }) => atMs);
  const periods = rises.slice(1).map((atMs, index) => atMs - (rises[index] ?? 0));
  const tones: Tone[] = [];
  let first = 0;
  const end = (index: number) => {
    if (index - first >= FEWEST_PERIODS) tones.push(toneOf(edges, rises, first, index));
    first = index;
  };
  for (const [index, period] of periods.entries()) {
    const before = median(periods.slice(Math.max(first, index - WINDOW), index));
    const after = median(periods.slice(index + 1, index + 1 + WINDOW));
    const isRest = period > REST * Math.max(before ?? after ?? 0, 0) && period > REST * (after ?? 0);
    if (isRest && (before ?? after) !== undefined) {
      end(index);
      first = index + 1;
    } else if (before !== undefined && after !== undefined && isStep(before, period) && isStep(before, after))
      end(index);
  }
  end(periods.length);
  return tones;
}

/** The tone from one rise to another. */
function toneOf(edges: readonly TapeEdge[], rises: readonly number[], first: number, last: number): Tone {
  const [fromMs = 0, lastRiseMs = 0] = [rises[first], rises[last]];
  const fall = edges.find(({ level, atMs }) => level === 0 && atMs > lastRiseMs);
  const frequencyHz = (MS_PER_SECOND * (last - first)) / (lastRiseMs - fromMs);
  const isNear = fall !== undefined && fall.atMs - lastRiseMs < MS_PER_SECOND / frequencyHz;
  return { frequencyHz, fromMs, toMs: isNear ? fall.atMs : lastRiseMs };
}

function isStep(before: number, after: number): boolean {
  return after > before * STEP || after < before / STEP;
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[values.length >>> 1];
}

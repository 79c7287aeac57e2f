import type { Bench } from "./bench.js";
import { type LimitOptions, type StayOptions, waited } from "./expect-pin.js";
import { centsBetween, type Tone } from "./tones.js";
import { LIMIT_MS } from "./watch.js";

export interface ToneOptions extends LimitOptions {
  readonly frequencyHz: number;
  /** How far off it may be, in cents, hundredths of a semitone. 10 by default. */
  readonly withinCents?: number;
  /** How long it lasts, in milliseconds. Without it, it need only have begun. */
  readonly forMs?: number;
  /** How far that may be off, in milliseconds. 10 by default. */
  readonly withinMs?: number;
}

const WITHIN_CENTS = 10;
const WITHIN_MS = 10;

/** Tones tell no changes: they are looked for again after so many milliseconds. */
const POLL_MS = 5;

/** Without an edge for so many periods, a tone is over. */
const OVER_PERIODS = 2;

const MS_PER_SECOND = 1_000;

/** A piezo sounds this. Rejects with `EXPECTATION_FAILED`, and what it sounded instead. */
export async function expectTone(
  bench: Bench,
  piezo: string,
  pin: number,
  { frequencyHz, withinCents = WITHIN_CENTS, forMs, withinMs = WITHIN_MS, limitMs = LIMIT_MS }: ToneOptions,
): Promise<void> {
  const { watch } = bench;
  const [sinceMs, startMs] = [watch.sinceMs(piezo), watch.nowMs];
  const isRight = ({ frequencyHz: sounded, fromMs, toMs }: Tone, isLast: boolean) => {
    if (Math.abs(centsBetween(sounded, frequencyHz)) > withinCents) return false;
    if (forMs === undefined) return true;
    const isOver = !isLast || watch.nowMs - toMs > (OVER_PERIODS * MS_PER_SECOND) / sounded;
    return isOver && Math.abs(toMs - fromMs - forMs) <= withinMs;
  };
  const find = () => {
    const tones = bench.tonesSince(pin, sinceMs);
    return tones.find((tone, index) => isRight(tone, index === tones.length - 1));
  };
  await watch.until(() => find() !== undefined, { limitMs, pollMs: POLL_MS });
  const found = find();
  if (found) {
    watch.found(piezo, found.toMs);
    return;
  }
  const long = forMs === undefined ? "" : ` for ${forMs} ms`;
  const tones = bench.tonesSince(pin, sinceMs);
  const problem = `Cannot hear ${frequencyHz} Hz${long} on ${piezo}`;
  throw bench.failure(
    `${problem}: ${describe(tones, frequencyHz, waited(watch.nowMs - startMs))}`,
    pin,
    sinceMs,
  );
}

/** A piezo sounds nothing, for so long. */
export async function expectSilence(
  bench: Bench,
  piezo: string,
  pin: number,
  { forMs }: StayOptions,
): Promise<void> {
  const { watch, tape } = bench;
  const startMs = watch.nowMs;
  const hasSounded = () => tape.hasChangedAfter(pin, startMs);
  if (!(await watch.until(hasSounded, { limitMs: forMs, changes: (look) => tape.onEdge(look) }))) return;
  // What it is is heard over some periods.
  await watch.advance(Math.min(100, forMs));
  throw bench.failure(`Cannot hear silence for ${waited(forMs)} on ${piezo}: it sounded`, pin, startMs);
}

function describe(tones: readonly Tone[], frequencyHz: number, time: string): string {
  const [nearest] = tones.toSorted(
    (a, b) =>
      Math.abs(centsBetween(a.frequencyHz, frequencyHz)) - Math.abs(centsBetween(b.frequencyHz, frequencyHz)),
  );
  if (!nearest) return `it was silent for ${time}`;
  const cents = centsBetween(nearest.frequencyHz, frequencyHz);
  const lastedMs = (nearest.toMs - nearest.fromMs).toFixed(1);
  const off = `${cents < 0 ? "−" : "+"}${Math.abs(cents).toFixed(1)} cents`;
  return `the nearest in ${time} was ${nearest.frequencyHz.toFixed(2)} Hz (${off}) for ${lastedMs} ms`;
}

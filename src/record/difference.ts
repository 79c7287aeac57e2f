/** Where a replayed host first did something else than the recorded one. */
export interface Difference {
  /** Since the link was opened, in milliseconds. */
  readonly atMs: number;
  /** What it was done to: `pin 13`. */
  readonly lane: string;
  /** What was recorded. */
  readonly then: string;
  readonly now: string;
  /** The last acts that were alike, oldest first, in words. */
  readonly before: readonly string[];
}

/** For a person: some lines. */
export function describeDifference({ atMs, lane, then, now, before }: Difference): string {
  return [
    `the output first differs ${inSeconds(atMs)} after the opening, on ${lane}`,
    `  then: ${then}`,
    `  now:  ${now}`,
    before.length === 0 ? "  nothing was done before" : "  before that, alike:",
    ...before.map((line) => `    ${line}`),
  ].join("\n");
}

/** `1.500 s`. */
export function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}

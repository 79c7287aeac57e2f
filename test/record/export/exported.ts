import type { Entry } from "../../../src/record/entry.js";
import { type Export, NOTHING_WIRED, type Wired, type Write } from "../../../src/record/export/export.js";
import { exportRecording } from "../../../src/record/export/export-recording.js";
import { type Survey, surveyEntries } from "../../../src/record/export/survey.js";

/** What an export makes of these entries. */
export async function exported(
  entries: readonly Entry[],
  make: (made: { readonly survey: Survey; readonly wired: Wired; readonly write: Write }) => Export,
  { wired = NOTHING_WIRED, endMs }: { readonly wired?: Wired; readonly endMs?: number } = {},
): Promise<{ readonly bytes: Buffer; readonly made: Export }> {
  const durationMs = endMs ?? Math.max(0, ...entries.map(({ atMs }) => atMs));
  async function* all() {
    yield* entries;
  }
  const chunks: Buffer[] = [];
  const survey = await surveyEntries(all(), durationMs);
  const made = make({ survey, wired, write: (chunk) => void chunks.push(Buffer.from(chunk)) });
  await exportRecording({ entries: all, durationMs }, survey, [made], () => undefined);
  return { bytes: Buffer.concat(chunks), made };
}

/** A square wave on a pin, from low to low. */
export function squareWave(
  board: string,
  pin: number,
  { frequencyHz, fromMs, forMs }: { frequencyHz: number; fromMs: number; forMs: number },
): Entry[] {
  const halfMs = 500 / frequencyHz;
  const edges = 2 * Math.round(forMs / halfMs / 2);
  return Array.from({ length: edges }, (_, edge) => ({
    ...({ kind: "edge", board, pin } as const),
    level: edge % 2 === 0 ? 1 : 0,
    atMs: fromMs + edge * halfMs,
  }));
}

import { FrameSplitter } from "../firmata/frames.js";
import { decodeToHost } from "../firmata/to-host.js";
import type { Entry } from "./entry.js";

/** Entries that belong together, a question and its answer for example, and the silence before them. */
export interface Stretch {
  readonly entries: readonly Entry[];
  /** When what was before ended. */
  readonly fromMs: number;
}

/** Entries that follow each other faster than this are of one stretch, in milliseconds: a round trip takes less. */
const GAP_MS = 5;

/** A wire that is never quiet is cut all the same. */
const MOST_ENTRIES = 2_000;

/** Cuts entries into stretches. @param fromMs When what was before them ended. */
export function stretchesOf(entries: readonly Entry[], fromMs: number): Stretch[] {
  const stretches: { readonly entries: Entry[]; readonly fromMs: number }[] = [];
  let beforeMs = fromMs;
  for (const entry of entries) {
    const last = stretches.at(-1)?.entries;
    if (last && entry.atMs - beforeMs <= GAP_MS && last.length < MOST_ENTRIES) last.push(entry);
    else stretches.push({ entries: [entry], fromMs: beforeMs });
    beforeMs = entry.atMs;
  }
  return stretches;
}

/** The entries of stretches, each as much earlier as those take that were left out before it. */
export function joined(stretches: readonly Stretch[], fromMs: number): Entry[] {
  const entries: Entry[] = [];
  let endMs = fromMs;
  for (const stretch of stretches) {
    const laterMs = endMs - stretch.fromMs;
    entries.push(...stretch.entries.map((entry) => ({ ...entry, atMs: entry.atMs + laterMs })));
    endMs = entries.at(-1)?.atMs ?? endMs;
  }
  return entries;
}

/** How many entries there are until every board has told what it is: without them nothing can be replayed. */
export function openingLength(entries: readonly Entry[]): number {
  const told = new Map<string, FrameSplitter>();
  const known = new Set<string>();
  let length = 0;
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === "board" && entry.what === "opened" && !known.has(entry.board)) length = index + 1;
    if (entry.kind !== "to-host" || known.has(entry.board)) continue;
    const splitter =
      told.get(entry.board) ??
      new FrameSplitter("toHost", {
        frame: (frame) => {
          if (decodeToHost(frame).type === "analogMapping") known.add(entry.board);
        },
      });
    told.set(entry.board, splitter);
    splitter.push(entry.bytes);
    if (known.has(entry.board)) length = index + 1;
  }
  return length;
}

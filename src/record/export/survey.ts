import type { Entry } from "../entry.js";
import type { Happening, KnownLevel } from "./happening.js";
import { readHappenings } from "./happenings.js";

/** What a recording has of one board. */
export interface BoardSurvey {
  /** Whether it showed its pins; otherwise they follow from what was on its wire. */
  readonly showsPins: boolean;
  /** The first level of each pin that has one. */
  readonly firstLevels: ReadonlyMap<number, KnownLevel>;
  /** Pins that were told to sound. */
  readonly tonePins: ReadonlySet<number>;
  /** Channels of analog pins, by pin. */
  readonly channels: ReadonlyMap<number, number>;
}

/** What has to be known of a recording before the first of it is written. */
export interface Survey {
  readonly boards: ReadonlyMap<string, BoardSurvey>;
  readonly endMs: number;
  /** How much later than others of the same time a happening may come, in milliseconds. */
  readonly latenessMs: number;
}

/** A board while it is looked at. */
interface Seen {
  readonly shown: Map<number, KnownLevel>;
  readonly told: Map<number, KnownLevel>;
  readonly tonePins: Set<number>;
  readonly channels: Map<number, number>;
}

/** Goes through a recording once. */
export async function surveyEntries(entries: AsyncIterable<Entry>, durationMs: number): Promise<Survey> {
  const seen = new Map<string, Seen>();
  let [endMs, latenessMs] = [durationMs, 0];
  let nowMs = 0;
  const take = (happening: Happening) => {
    endMs = Math.max(endMs, happening.atMs);
    latenessMs = Math.max(latenessMs, nowMs - happening.atMs);
    const board = seen.get(happening.board) ?? {
      ...{ shown: new Map(), told: new Map(), tonePins: new Set<number>(), channels: new Map() },
    };
    seen.set(happening.board, board);
    note(board, happening);
  };
  await readHappenings(entries, durationMs, take, (atMs) => {
    nowMs = atMs;
    return undefined;
  });
  const boards = new Map(
    [...seen].map(([name, { shown, told, tonePins, channels }]) => {
      const showsPins = shown.size > 0;
      return [name, { showsPins, firstLevels: showsPins ? shown : told, tonePins, channels }];
    }),
  );
  return { boards, endMs, latenessMs };
}

function note({ shown, told, tonePins, channels }: Seen, happening: Happening): void {
  if (happening.kind === "channel") channels.set(happening.pin, happening.channel);
  if (happening.kind === "tone") tonePins.add(happening.pin);
  if (happening.kind !== "level") return;
  const levels = happening.isShown ? shown : told;
  if (!levels.has(happening.pin)) levels.set(happening.pin, happening.level);
}

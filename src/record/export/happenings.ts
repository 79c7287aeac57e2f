import type { Entry } from "../entry.js";
import { BoardReader } from "./board-reader.js";
import type { Happening } from "./happening.js";

/** A tone goes on between entries: no more of it than this is told at once, in milliseconds. */
const STEP_MS = 100;

/**
 * Goes through a recording's entries, and tells what happened on pins.
 *
 * @param take Takes each happening; those of one board, shown or from its wire, come in order.
 * @param passed Told how late it is, ten times in each second of the recording at least and after each entry; what it
 *   returns is waited for.
 * @param endMs When the recording ends.
 */
export async function readHappenings(
  entries: AsyncIterable<Entry>,
  endMs: number,
  take: (happening: Happening) => void,
  passed: (atMs: number) => Promise<void> | undefined,
): Promise<void> {
  const boards = new Map<string, BoardReader>();
  let nowMs = 0;
  const passTo = async (atMs: number): Promise<void> => {
    while (nowMs < atMs) {
      nowMs = Math.min(nowMs + STEP_MS, atMs);
      for (const board of boards.values()) board.passTo(nowMs);
      const room = passed(nowMs);
      if (room) await room;
    }
  };
  for await (const entry of entries) {
    if (entry.atMs > nowMs) await passTo(entry.atMs);
    if (!("board" in entry)) continue;
    const board = boards.get(entry.board) ?? new BoardReader(entry.board, take);
    boards.set(entry.board, board);
    board.take(entry);
  }
  await passTo(endMs);
}

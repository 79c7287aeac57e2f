import { CircuitError } from "../core/error.js";
import type { BoardEntry, Entry } from "./entry.js";
import { type Life, LifeReader } from "./life.js";

/**
 * Messages of a board that are kept while it is replayed: half a gigabyte, two days of a blinking light or half an hour of a
 * wire at its busiest.
 */
const MOST_MESSAGES = 2_000_000;

export interface ReadLivesOptions {
  /** Which board, where the recording has several. */
  readonly board?: string | undefined;
  /** The recording's, for messages. */
  readonly path: string;
}

/** What a recording has of one board: each time that its link was open. */
export interface Lives {
  readonly board: string;
  readonly lives: readonly [Life, ...Life[]];
}

/**
 * Reads what was on a board's wire.
 *
 * @throws {CircuitError} `USAGE` where the recording has no such board, or several and none is named; `FILE_FAILED` where it is
 *   too long.
 */
export async function readLives(
  entries: AsyncIterable<Entry>,
  { board, path }: ReadLivesOptions,
): Promise<Lives> {
  const boards = new Map<string, BoardLives>();
  let latestMs = 0;
  for await (const entry of entries) {
    latestMs = Math.max(latestMs, entry.atMs);
    if (entry.kind !== "board" && entry.kind !== "to-board" && entry.kind !== "to-host") continue;
    const lives = boards.get(entry.board) ?? new BoardLives();
    boards.set(entry.board, lives);
    if (board !== undefined && board !== entry.board) continue;
    if (entry.kind === "board") lives.changed(entry);
    else lives.bytes(entry.kind, entry.atMs, entry.bytes);
    if (lives.length > MOST_MESSAGES) throw tooLong(path, entry.board);
  }
  const names = [...boards.keys()];
  const name = board ?? (names.length === 1 ? names[0] : undefined);
  const [first, ...rest] = boards.get(name ?? "")?.ended(latestMs) ?? [];
  if (name === undefined || first === undefined) throw noBoard(path, names, board);
  return { board: name, lives: [first, ...rest] };
}

class BoardLives {
  readonly #lives: Life[] = [];
  #life: LifeReader | undefined;
  #length = 0;
  /** What came before it was told that the link is open. */
  #early: ((life: LifeReader) => void)[] = [];

  /** Messages so far. */
  get length(): number {
    return this.#length + (this.#life?.length ?? 0) + this.#early.length;
  }

  changed({ what, atMs, baud }: BoardEntry): void {
    if (what === "opened") this.#begin(atMs, baud);
    else if (what === "baud") this.#life?.changedSpeed();
    else this.#end(what, atMs);
  }

  bytes(kind: "to-board" | "to-host", atMs: number, bytes: Uint8Array): void {
    const take = (life: LifeReader) =>
      kind === "to-board" ? life.toBoard(atMs, bytes) : life.toHost(atMs, bytes);
    if (this.#life) take(this.#life);
    else this.#early.push(take);
  }

  ended(atMs: number): readonly Life[] {
    this.#end("cut", atMs);
    return this.#lives;
  }

  #begin(atMs: number, baud: number): void {
    this.#end("lost", atMs);
    this.#life = new LifeReader(atMs, baud);
    for (const take of this.#early.splice(0)) take(this.#life);
  }

  #end(end: Life["end"], atMs: number): void {
    if (!this.#life) return;
    this.#length += this.#life.length;
    this.#lives.push(this.#life.end(end, atMs));
    this.#life = undefined;
  }
}

function tooLong(path: string, board: string): CircuitError {
  return new CircuitError(
    "FILE_FAILED",
    `Cannot replay ${board} of ${path}: it has more than ${MOST_MESSAGES} messages`,
    { hint: "Record a shorter run." },
  );
}

function noBoard(path: string, names: readonly string[], board: string | undefined): CircuitError {
  const found = names.length === 0 ? "it has no board's bytes" : `its boards are ${names.join(", ")}`;
  const which = board === undefined ? "a board" : board;
  const hint =
    names.length === 0 ? "Record a circuit that has a board." : "Name one: replay:FILE?board=NAME.";
  return new CircuitError("USAGE", `Cannot replay ${which} of ${path}: ${found}`, { hint });
}

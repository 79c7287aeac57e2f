import { MARK_BYTES, MOST_MARKS } from "./format.js";

/** A place in a recording where reading may begin. */
export interface Mark {
  /** Where its record is, in bytes from the file's beginning. */
  readonly at: number;
  /** The latest time of all entries before it, in nanoseconds. */
  readonly latestNs: number;
}

/** The marks of a recording, at most `MOST_MARKS` of them, however long it is. */
export class Marks {
  #all: Mark[] = [];
  #stepBytes = MARK_BYTES;
  #lastAt = 0;

  get all(): readonly Mark[] {
    return this.#all;
  }

  /** Whether the next mark is due at that place. */
  isDue(at: number): boolean {
    return at - this.#lastAt >= this.#stepBytes;
  }

  add(mark: Mark): void {
    this.#lastAt = mark.at;
    this.#all.push(mark);
    if (this.#all.length < MOST_MARKS) return;
    this.#all = this.#all.filter((_, index) => index % 2 === 1);
    this.#stepBytes *= 2;
  }
}

/** The last mark before which all is earlier than that; `undefined` for the recording's beginning. */
export function findMark(marks: readonly Mark[], fromNs: number): Mark | undefined {
  // `latestNs` never goes back.
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle]?.latestNs ?? 0) < fromNs) low = middle + 1;
    else high = middle;
  }
  return marks[low - 1];
}

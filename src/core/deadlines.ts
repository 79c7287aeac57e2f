import type { Clock } from "./clock.js";

/** Something that ends when its time is over. */
export interface Deadline {
  readonly atMs: number;
  late(): void;
}

/** A deadline that was added, for taking it back. */
export interface Pending {
  readonly deadline: Deadline;
  before: Pending | undefined;
  after: Pending | undefined;
  isIn: boolean;
}

/**
 * Many deadlines on one timer. Most come in the order in which they are due, so that to add and to remove one takes
 * constant time; a timer for each would cost more than the message that it watches.
 */
export class Deadlines {
  readonly #clock: Clock;
  #first: Pending | undefined;
  #last: Pending | undefined;
  #stopTimer: (() => void) | undefined;
  /** When the timer comes, on the clock, in milliseconds: at the first deadline of the time when it was set, or sooner. */
  #timerAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `late()` once, when the clock has come so far, and never at once.
   *
   * @returns What `remove()` takes back.
   */
  add(deadline: Deadline): Pending {
    const link: Pending = { deadline, before: this.#last, after: undefined, isIn: true };
    while (link.before !== undefined && link.before.deadline.atMs > deadline.atMs) {
      link.after = link.before;
      link.before = link.before.before;
    }
    if (link.before === undefined) this.#first = link;
    else link.before.after = link;
    if (link.after === undefined) this.#last = link;
    else link.after.before = link;
    if (this.#stopTimer === undefined || deadline.atMs < this.#timerAtMs) this.#setTimer(deadline.atMs);
    return link;
  }

  /** Takes a deadline back. Idempotent, and nothing when it has been late. */
  remove(link: Pending): void {
    if (!link.isIn) return;
    link.isIn = false;
    if (link.before === undefined) this.#first = link.after;
    else link.before.after = link.after;
    if (link.after === undefined) this.#last = link.before;
    else link.after.before = link.before;
    // An old link that is garbage would otherwise keep those that came after it, and they those after them.
    link.before = undefined;
    link.after = undefined;
    if (this.#first !== undefined) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #setTimer(atMs: number): void {
    this.#stopTimer?.();
    this.#timerAtMs = atMs;
    this.#stopTimer = this.#clock.after(atMs - this.#clock.now(), () => this.#look());
  }

  #look(): void {
    this.#stopTimer = undefined;
    const nowMs = this.#clock.now();
    const due: Pending[] = [];
    for (let link = this.#first; link !== undefined && link.deadline.atMs <= nowMs; link = link.after)
      due.push(link);
    try {
      for (const link of due) {
        if (!link.isIn) continue; // taken back by one before it
        this.remove(link);
        link.deadline.late();
      }
    } finally {
      if (this.#first !== undefined && this.#stopTimer === undefined)
        this.#setTimer(this.#first.deadline.atMs);
    }
  }
}

import type { Clock } from "./clock.js";
import { DeadlineHeap, type Placed } from "./deadline-heap.js";

/** Something that ends when its time is over. */
export interface Deadline {
  readonly atMs: number;
  late(): void;
}

/** A deadline that was added, for taking it back. */
export interface Pending extends Placed {
  readonly deadline: Deadline;
  before: Pending | undefined;
  after: Pending | undefined;
  isIn: boolean;
}

/** How many later ones a deadline is put before in the list; one that is due before more of them goes to the heap. */
const MOST_STEPS = 8;

/**
 * Many deadlines on one timer. Most come nearly in the order in which they are due, so that to add and to remove one
 * takes constant time; a timer for each would cost more than the message that it watches. The others are kept in a heap.
 */
export class Deadlines {
  readonly #clock: Clock;
  /** In the order in which they are due. */
  #first: Pending | undefined;
  #last: Pending | undefined;
  readonly #others = new DeadlineHeap<Pending>();
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
    const { atMs } = deadline;
    const link: Pending = { deadline, atMs, before: this.#last, after: undefined, isIn: true, place: -1 };
    let steps = 0;
    while (link.before !== undefined && link.before.atMs > atMs && steps++ < MOST_STEPS) {
      link.after = link.before;
      link.before = link.before.before;
    }
    if (steps > MOST_STEPS) this.#putAside(link);
    else this.#insert(link);
    if (this.#stopTimer === undefined || atMs < this.#timerAtMs) this.#setTimer(atMs);
    return link;
  }

  /** Takes a deadline back. Idempotent, and nothing when it has been late. */
  remove(link: Pending): void {
    if (!link.isIn) return;
    link.isIn = false;
    if (link.place >= 0) this.#others.remove(link);
    else this.#unlink(link);
    if (this.#first !== undefined || this.#others.first !== undefined) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #insert(link: Pending): void {
    if (link.before === undefined) this.#first = link;
    else link.before.after = link;
    if (link.after === undefined) this.#last = link;
    else link.after.before = link;
  }

  #putAside(link: Pending): void {
    link.before = undefined;
    link.after = undefined;
    this.#others.add(link);
  }

  #unlink(link: Pending): void {
    if (link.before === undefined) this.#first = link.after;
    else link.before.after = link.after;
    if (link.after === undefined) this.#last = link.before;
    else link.after.before = link.before;
    // An old link that is garbage would otherwise keep those that came after it, and they those after them.
    link.before = undefined;
    link.after = undefined;
  }

  #setTimer(atMs: number): void {
    this.#stopTimer?.();
    this.#timerAtMs = atMs;
    this.#stopTimer = this.#clock.after(atMs - this.#clock.now(), () => this.#look());
  }

  /** What is due next. */
  get #next(): Pending | undefined {
    const listed = this.#first;
    const other = this.#others.first;
    if (listed === undefined || other === undefined) return listed ?? other;
    return other.atMs < listed.atMs ? other : listed;
  }

  #look(): void {
    this.#stopTimer = undefined;
    const nowMs = this.#clock.now();
    try {
      for (const link of this.#findDue(nowMs)) {
        if (!link.isIn) continue; // taken back by one before it
        this.remove(link);
        link.deadline.late();
      }
    } finally {
      const next = this.#next;
      if (next !== undefined && this.#stopTimer === undefined) this.#setTimer(next.atMs);
    }
  }

  #findDue(nowMs: number): Pending[] {
    const due: Pending[] = [];
    for (let link = this.#first; link !== undefined && link.atMs <= nowMs; link = link.after) due.push(link);
    const others = this.#others.until(nowMs);
    return others.length === 0 ? due : [...due, ...others].sort((one, other) => one.atMs - other.atMs);
  }
}

import type { Ask } from "../framed/records.js";
import { SubjectIndex } from "../subject.js";
import type { LastEvent } from "./last-events.js";

/** Somebody at the other end of a link who wants last events. */
interface Asker {
  readonly ask: number;
  readonly pattern: string;
  /** Number of the last event that it has heard, or that was published before it listened. */
  after: number;
}

/** Who at the other end of a link wants last events, and how far that has been answered. */
export class Asks {
  /** Every ask up to this number has been answered. */
  answered = 0;
  #isWanted = false;
  #waiting: ReadonlyMap<number, Asker> = NOBODY;
  #index: SubjectIndex<Asker> | undefined;

  /** Whether somebody wants last events, answered or not: he is to be told how far he has heard all. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Whether somebody waits for an answer. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** All who want last events now. */
  tell(asks: readonly Ask[]): void {
    this.#isWanted = asks.length > 0;
    const before = this.#waiting;
    const now = new Map<number, Asker>();
    for (const [ask, pattern, after] of asks)
      if (ask > this.answered) now.set(ask, before.get(ask) ?? { ask, pattern, after });
    this.#waiting = now;
    this.#index = undefined;
  }

  /**
   * Answers those who wait, in the order of publishing. What is published while the link is full is taken in when it goes
   * on, in place of what it came after.
   *
   * @param write Hands an event over, to one of them. @returns Whether the link has taken it.
   * @returns Whether all have been answered.
   */
  answer(events: Iterable<LastEvent>, write: (ask: number, event: LastEvent) => boolean): boolean {
    this.#index ??= this.#indexed();
    for (const event of events) {
      for (const asker of this.#index.find(event.subject)) {
        if (event.sequence <= asker.after) continue;
        if (!write(asker.ask, event)) return false;
        asker.after = event.sequence;
      }
    }
    for (const ask of this.#waiting.keys()) this.answered = Math.max(this.answered, ask);
    this.#waiting = NOBODY;
    this.#index = undefined;
    return true;
  }

  #indexed(): SubjectIndex<Asker> {
    const index = new SubjectIndex<Asker>();
    for (const asker of this.#waiting.values()) index.add(asker.pattern, asker);
    return index;
  }
}

const NOBODY: ReadonlyMap<number, Asker> = new Map();

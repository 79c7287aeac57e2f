import { Queue } from "./queue.js";

/** What became of all that was pushed: `in` = dropped + handled + waiting. */
export interface PushedCounts {
  /** Items that came. */
  in: number;
  /** Items that wait to be yielded. */
  waiting: number;
  /** Items that were yielded. */
  handled: number;
  /** Items for which there was no room, or that nobody takes any more. */
  dropped: number;
}

/**
 * What comes unasked, kept until it is pulled: in order, and no more of it than a limit. What comes, is dropped and waits is
 * counted where its owner wants that.
 *
 * One reader at a time.
 */
export class Pushed<Item extends NonNullable<unknown>> {
  readonly #queue = new Queue<Item>();
  readonly #limit: number;
  readonly #counts: PushedCounts;
  #ending: { readonly error?: unknown } | undefined;
  #wake = () => {};

  /**
   * @param limit Items that may wait.
   * @param owner Has the counts; nothing is counted for one that has none.
   */
  constructor(limit: number, { counts }: { readonly counts?: PushedCounts | undefined } = {}) {
    this.#limit = limit;
    this.#counts = counts ?? { in: 0, waiting: 0, handled: 0, dropped: 0 };
  }

  get length(): number {
    return this.#queue.length;
  }

  get isFull(): boolean {
    return this.#queue.length >= this.#limit;
  }

  /** Adds an item, even where it is full: who pushes knows what is to become of it then. Nothing after the end. */
  push(item: Item): void {
    if (this.#ending !== undefined) return;
    this.#counts.in++;
    this.#counts.waiting++;
    this.#queue.push(item);
    this.#wake();
  }

  /** Takes the oldest item away unread. */
  dropOldest(): void {
    if (this.#queue.shift() !== undefined) this.#drop(1);
  }

  /** Counts an item that has come, and for which there is no room. */
  dropNewest(): void {
    this.#counts.in++;
    this.#counts.dropped++;
  }

  /** Ends what the reader gets, after what waits; with an error where one is given. */
  end(...error: [] | [unknown]): void {
    this.#ending ??= error.length === 0 ? {} : { error: error[0] };
    this.#wake();
  }

  /** Drops what waits, and whatever comes. @returns How many waited. */
  leave(): number {
    this.end();
    const left = this.#queue.length;
    this.#queue.clear();
    this.#drop(left);
    return left;
  }

  /** Yields each item until the end; what waits is left when the signal aborts. */
  async *items(signal: AbortSignal): AsyncGenerator<Item, void> {
    const abort = () => this.#wake();
    signal.addEventListener("abort", abort, { once: true });
    try {
      while (!signal.aborted) {
        const item = this.#queue.shift();
        if (item !== undefined) {
          this.#counts.waiting--;
          this.#counts.handled++;
          yield item;
        } else if (this.#ending === undefined) await this.#change();
        else if ("error" in this.#ending) throw this.#ending.error;
        else return;
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #drop(count: number): void {
    this.#counts.waiting -= count;
    this.#counts.dropped += count;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

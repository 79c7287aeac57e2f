import { Queue } from "./queue.js";

/**
 * What comes unasked, kept until it is pulled: in order, and no more of it than a limit.
 *
 * One reader at a time.
 */
export class Pushed<Item extends NonNullable<unknown>> {
  readonly #queue = new Queue<Item>();
  readonly #limit: number;
  #ending: { readonly error?: unknown } | undefined;
  #wake = () => {};

  /** @param limit Items that may wait. */
  constructor(limit: number) {
    this.#limit = limit;
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
    this.#queue.push(item);
    this.#wake();
  }

  /** Takes the oldest item away unread. */
  dropOldest(): void {
    this.#queue.shift();
  }

  /** Ends what the reader gets, after what waits; with an error where one is given. */
  end(...error: [] | [unknown]): void {
    this.#ending ??= error.length === 0 ? {} : { error: error[0] };
    this.#wake();
  }

  /** Yields each item until the end; what waits is left when the signal aborts. */
  async *items(signal: AbortSignal): AsyncGenerator<Item, void> {
    const abort = () => this.#wake();
    signal.addEventListener("abort", abort, { once: true });
    try {
      while (!signal.aborted) {
        const item = this.#queue.shift();
        if (item !== undefined) yield item;
        else if (this.#ending === undefined) await this.#change();
        else if ("error" in this.#ending) throw this.#ending.error;
        else return;
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

import { Pushed } from "../../core/pushed.js";
import type { FlowContext } from "../source.js";

/** A second of a busy feed. */
export const MOST_WAITING = 1_024;

export interface UntakenOptions {
  /** Items that wait to be taken; 1 024 by default. */
  readonly mostWaiting?: number;
  /** Which goes when one more comes: the oldest that waits (by default), or the one that has come. */
  readonly overflow?: "drop-oldest" | "drop-newest";
}

/** An item, and how many were dropped before it. */
export interface Taken<Item> {
  readonly item: Item;
  readonly missed: number;
}

/**
 * What was pushed in one life of a source whose pushers wait for nobody: what is not taken in time is dropped, counted, and
 * told when it begins and when it is over.
 */
export class Untaken<Item> {
  readonly #what: string;
  readonly #mostWaiting: number;
  readonly #overflow: UntakenOptions["overflow"];
  readonly #context: FlowContext;
  /** In boxes: an item may be `undefined`, which a queue has no room for. */
  readonly #pushed: Pushed<{ readonly item: Item }>;
  #missed = 0;

  /** @param what Its items, for whoever reads the log. */
  constructor(what: string, { mostWaiting = MOST_WAITING, overflow }: UntakenOptions, context: FlowContext) {
    this.#what = what;
    this.#mostWaiting = mostWaiting;
    this.#overflow = overflow;
    this.#context = context;
    this.#pushed = new Pushed(mostWaiting, context);
  }

  // These three are handed to clients as they are: each keeps its `this`.
  readonly push = (item: Item): void => {
    if (this.#pushed.isFull) {
      if (this.#missed++ === 0) this.#context.log(`Drops ${this.#what}: ${this.#mostWaiting} wait already`);
      if (this.#overflow === "drop-newest") {
        this.#pushed.dropNewest();
        return;
      }
      this.#pushed.dropOldest();
    }
    this.#pushed.push({ item });
  };

  readonly end = (): void => this.#pushed.end();

  readonly fail = (error: unknown): void => this.#pushed.end(error);

  /** Yields each item until the end. */
  async *taken(signal: AbortSignal): AsyncGenerator<Taken<Item>, void> {
    for await (const { item } of this.#pushed.items(signal)) yield { item, missed: this.takeMissed() };
  }

  /** How many were dropped since this was asked, which the log says then. */
  takeMissed(): number {
    const missed = this.#missed;
    this.#missed = 0;
    if (missed > 0) this.#context.log(`${missed} ${this.#what} were dropped: they were not taken in time`);
    return missed;
  }

  /** Drops what nobody will take any more, and tells of it. */
  leave(): void {
    this.takeMissed();
    const left = this.#pushed.leave();
    if (left > 0)
      this.#context.log(`${left} ${this.#what} were dropped: they waited when the source was stopped`);
  }
}

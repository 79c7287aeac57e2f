import { CircuitError } from "../../core/error.js";
import { Pushed } from "../../core/pushed.js";
import type { FlowContext, SourceFunction } from "../source.js";

/** Where a source of one's own puts what comes unasked. Nothing of it is taken after its end. */
export interface Pushing<Item> {
  /** An item, or an `Emission` of it. Never waits. */
  push(item: Item): void;
  /** The source has ended, after what waits. */
  end(): void;
  /** The source has failed, after what waits. */
  fail(error: unknown): void;
}

export interface PushedOptions<Item> {
  /** Items that wait to be taken; 1 024 by default. */
  readonly mostWaiting?: number;
  /** Which goes when one more comes: the oldest that waits (by default), or the one that has come. */
  readonly overflow?: "drop-oldest" | "drop-newest";
  /** Makes an item that says how many were dropped: it comes as soon as items are taken again. The log says so in any case. */
  readonly missed?: (count: number) => Item;
}

/** A second of a busy feed. */
const MOST_WAITING = 1_024;

/**
 * A source of what comes unasked: of a client with callbacks, most often. `open` is called for each life of the pipeline, and
 * what it returns at the life's end, to close what it has opened.
 *
 * Who pushes does not wait for anybody: what is not taken in time is dropped, counted and told.
 *
 * @throws {CircuitError} `USAGE` where nothing may wait.
 */
export function pushed<Item>(
  open: (pushing: Pushing<Item>, context: FlowContext) => (() => void) | (() => Promise<void>),
  options: PushedOptions<Item> = {},
): SourceFunction<Item> {
  const { mostWaiting = MOST_WAITING } = options;
  if (!Number.isInteger(mostWaiting) || mostWaiting < 1)
    throw new CircuitError("USAGE", `Cannot keep what is pushed: ${mostWaiting} items may wait`, {
      hint: "Give mostWaiting a whole number from 1 on.",
    });
  return async function* pushed(context) {
    const waiting = new Waiting(mostWaiting, options, context);
    const close = open(waiting, context);
    try {
      yield* waiting.items(context.signal);
    } finally {
      waiting.tellLeft();
      await close();
    }
  };
}

/** What was pushed in one life of the source, and how much of it was dropped. */
class Waiting<Item> implements Pushing<Item> {
  readonly #limit: number;
  readonly #options: PushedOptions<Item>;
  readonly #context: FlowContext;
  /** In boxes: an item may be `undefined`, which a queue has no room for. */
  readonly #pushed: Pushed<{ readonly item: Item }>;
  #missed = 0;

  constructor(limit: number, options: PushedOptions<Item>, context: FlowContext) {
    this.#limit = limit;
    this.#options = options;
    this.#context = context;
    this.#pushed = new Pushed(limit);
  }

  // These three are handed to clients as they are: each keeps its `this`.
  readonly push = (item: Item): void => {
    if (this.#pushed.isFull) {
      if (this.#missed++ === 0) this.#context.log(`Drops items: ${this.#limit} wait already`);
      if (this.#options.overflow === "drop-newest") return;
      this.#pushed.dropOldest();
    }
    this.#pushed.push({ item });
  };

  readonly end = (): void => this.#pushed.end();

  readonly fail = (error: unknown): void => this.#pushed.end(error);

  async *items(signal: AbortSignal): AsyncGenerator<Item, void> {
    for await (const { item } of this.#pushed.items(signal)) {
      yield* this.#tellMissed();
      yield item;
    }
    yield* this.#tellMissed();
  }

  /** Tells what nobody will take any more. */
  tellLeft(): void {
    const { length } = this.#pushed;
    if (length > 0)
      this.#context.log(`${length} items were dropped: they waited when the source was stopped`);
  }

  *#tellMissed(): Generator<Item, void> {
    if (this.#missed === 0) return;
    const count = this.#missed;
    this.#missed = 0;
    this.#context.log(`${count} items were dropped: they were not taken in time`);
    if (this.#options.missed !== undefined) yield this.#options.missed(count);
  }
}

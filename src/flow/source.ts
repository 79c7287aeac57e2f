import type { Clock } from "../core/clock.js";
import type { PushedCounts } from "../core/pushed.js";
import type { ItemDelivery } from "./cluster/delivery.js";

/** What a source or a processor is given. */
export interface FlowContext {
  readonly clock: Clock;
  /**
   * For a source, aborts when it is to yield nothing more; for a processor, when its pipeline ends and nobody waits for
   * it any more.
   */
  readonly signal: AbortSignal;
  /** Name of the pipeline's part. */
  readonly name: string;
  /** Tells a person, a line at a time. */
  readonly log: (text: string) => void;
  /**
   * For a processor, how its item came, where a durable connection has brought it, or what it was made of: one of each
   * item of a batch.
   */
  readonly deliveries?: readonly ItemDelivery[];
  /** For a source, its counts in the flow's status. */
  readonly counts?: SourceCounts;
  /** For a source that `resumes`, the number of the item to begin with: 0 for the first. */
  readonly from?: number;
}

/** What a source that keeps what comes unasked adds up, for the flow's status. */
export type SourceCounts = PushedCounts;

/** An item for one of several outputs; a plain item goes to the output "data". */
export class Emission<Output extends string = string, Item = unknown> {
  readonly output: Output;
  readonly item: Item;

  constructor(output: Output, item: Item) {
    this.output = output;
    this.item = item;
  }
}

/** An item for the output of that name: `yield emit("late", tick)`. */
export function emit<const Output extends string, Item>(output: Output, item: Item): Emission<Output, Item> {
  return new Emission(output, item);
}

/**
 * Something that yields items until it ends or the signal aborts; it may be an async generator function.
 *
 * It is pulled: the next item is asked for when there is room. What it throws is its failure; an end after the signal has
 * aborted is none, whatever it throws. It is called again for each life of its pipeline.
 */
export type SourceFunction<Item> = (context: FlowContext) => AsyncIterable<Item> | Iterable<Item>;

/** None, one or many items: a text and bytes are one item, any other iterable is many. `undefined` is none. */
// biome-ignore lint/suspicious/noConfusingVoidType: what returns nothing is a processor without outputs
export type Items<Out> = Out | Iterable<Out> | AsyncIterable<Out> | undefined | void;

/**
 * Takes an item, yields or returns none, one or many (an Emission, an iterable or AsyncIterable of items, a Promise of
 * such, undefined for none).
 */
export type ProcessorFunction<In, Out> = (
  item: In,
  context: FlowContext,
) => Items<Out> | PromiseLike<Items<Out>>;

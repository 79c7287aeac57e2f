import { CircuitError } from "../../core/error.js";
import type { FlowContext, SourceFunction } from "../source.js";
import { MOST_WAITING, Untaken, type UntakenOptions } from "./untaken.js";

/** Where a source of one's own puts what comes unasked. Nothing of it is taken after its end. */
export interface Pushing<Item> {
  /** An item, or an `Emission` of it. Never waits. */
  push(item: Item): void;
  /** The source has ended, after what waits. */
  end(): void;
  /** The source has failed, after what waits. */
  fail(error: unknown): void;
}

export interface PushedOptions<Item> extends UntakenOptions {
  /** Makes an item that says how many were dropped: it comes as soon as items are taken again. The log says so in any case. */
  readonly missed?: (count: number) => Item;
}

/**
 * A source of what comes unasked: of a client with callbacks, most often. `open` is called for each life of the pipeline, and
 * what it returns at the life's end, to close what it has opened.
 *
 * Who pushes does not wait for anybody: what is not taken in time is dropped, counted in the flow's status and told.
 *
 * @throws {CircuitError} `USAGE` where nothing may wait.
 */
export function pushed<Item>(
  open: (pushing: Pushing<Item>, context: FlowContext) => (() => void) | (() => Promise<void>),
  options: PushedOptions<Item> = {},
): SourceFunction<Item> {
  const { mostWaiting = MOST_WAITING, missed: itemOf } = options;
  if (!Number.isInteger(mostWaiting) || mostWaiting < 1)
    throw new CircuitError("USAGE", `Cannot keep what is pushed: ${mostWaiting} items may wait`, {
      hint: "Give mostWaiting a whole number from 1 on.",
    });
  return async function* pushed(context) {
    const waiting = new Untaken<Item>("items", options, context);
    const close = open(waiting, context);
    try {
      for await (const { item, missed } of waiting.taken(context.signal)) {
        if (missed > 0 && itemOf !== undefined) yield itemOf(missed);
        yield item;
      }
      const missed = waiting.takeMissed();
      if (missed > 0 && itemOf !== undefined) yield itemOf(missed);
    } finally {
      waiting.leave();
      await close();
    }
  };
}

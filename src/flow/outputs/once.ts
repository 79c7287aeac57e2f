import { keyOf } from "../cluster/delivery.js";
import { type Output, outputOf } from "../output.js";
import type { FlowContext } from "../source.js";

export interface OnceOptions {
  /** How many of the last items are remembered; 65 536 where nothing is said: 6 MB at most. */
  readonly remembered?: number;
}

const DEFAULT_REMEMBERED = 65_536;

/**
 * Leaves out what an output of this process has taken already, and what came again because something else has failed with
 * it, or because it was stored twice. For processors behind a durable connection; elsewhere everything is taken.
 */
export function once<Item>(
  output: Output<Item> | ((item: Item, context: FlowContext) => Promise<void> | undefined),
  { remembered = DEFAULT_REMEMBERED }: OnceOptions = {},
): Output<Item> {
  const taken = new Set<string>();
  /** What the output is taking now: another delivery of it waits for what becomes of this one. */
  const taking = new Map<string, Promise<void>>();
  const remember = (key: string) => {
    taken.add(key);
    if (taken.size <= remembered) return;
    // The first of a set is the oldest.
    for (const oldest of taken) {
      taken.delete(oldest);
      return;
    }
  };
  const take = (item: Item, context: FlowContext): Promise<void> | undefined => {
    const key = keyOf(context);
    if (key === undefined) return output(item, context);
    if (taken.has(key)) return undefined;
    const before = taking.get(key);
    if (before !== undefined)
      return before.then(
        () => {},
        () => take(item, context),
      );
    const began = output(item, context);
    if (began === undefined) remember(key);
    else taking.set(key, began);
    return began?.then(() => remember(key)).finally(() => taking.delete(key));
  };
  return outputOf<Item>(output.name, take, async () => {
    if ("close" in output) await output.close();
  });
}

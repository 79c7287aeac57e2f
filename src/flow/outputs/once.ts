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
    const taking = output(item, context);
    if (taking !== undefined) return taking.then(() => remember(key));
    remember(key);
    return undefined;
  };
  return outputOf<Item>(output.name, take, async () => {
    if ("close" in output) await output.close();
  });
}

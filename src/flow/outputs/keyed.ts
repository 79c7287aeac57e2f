import { keyOf } from "../cluster/delivery.js";
import { type Output, outputOf } from "../output.js";
import type { FlowContext } from "../source.js";

/**
 * Adds to each item, as a property, what names it wherever and however often it comes: so that an output which knows its
 * rows by it keeps one of each, `keyed("key", sqlite(path, { columns: { …, key: "TEXT" }, key: ["key"] }))`, and whoever
 * reads a file can tell what came again. For processors behind a durable connection; elsewhere it is `undefined`.
 */
export function keyed(property: string, output: Output<object>): Output<object> {
  const take = (item: object, context: FlowContext) => {
    const add = (one: object, index: number) => ({ ...one, [property]: keyOf(context, index) });
    return output(Array.isArray(item) ? item.map(add) : add(item, 0), context);
  };
  return outputOf<object>(output.name, take, () => output.close());
}

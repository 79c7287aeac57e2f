import { type Output, outputOf } from "../output.js";

/** Where events are published. A mesh is one. */
export interface PublishPlace<Data = unknown> {
  publish(
    subject: string,
    data: Data,
    options?: { readonly headers?: Readonly<Record<string, string>> },
  ): unknown;
}

export interface ToEventsOptions<Item, Data> {
  /** Makes the event's data of an item; the item itself by default. */
  readonly data?: (item: Item) => Data;
  readonly headers?: (item: Item) => Readonly<Record<string, string>>;
}

/**
 * Publishes each item as an event.
 *
 * @param subject Where to; a function may choose for each item.
 */
export function toEvents<Data, Item extends Data = Data>(
  place: PublishPlace<Data>,
  subject: string | ((item: Item) => string),
  { data = (item: Item) => item, headers }: ToEventsOptions<Item, Data> = {},
): Output<NoInfer<Item>> {
  return outputOf<Item>("toEvents", (item) => {
    const named = headers === undefined ? {} : { headers: headers(item) };
    place.publish(typeof subject === "string" ? subject : subject(item), data(item), named);
    return undefined;
  });
}

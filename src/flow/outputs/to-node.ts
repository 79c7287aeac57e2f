import { type Output, outputOf } from "../output.js";

/** Where messages are sent to nodes. A mesh is one. */
export interface SendPlace<Message = unknown> {
  send(
    target: string,
    message: Message,
    options: {
      readonly channel?: string;
      readonly signal: AbortSignal;
      readonly retry?: "never" | "repeat";
      readonly idempotencyKey?: string;
    },
  ): Promise<unknown>;
}

export interface ToNodeOptions<Item, Message> {
  readonly channel?: string;
  /** Makes the message of an item; the item itself by default. */
  readonly message?: (item: Item) => Message;
  /** What becomes of a message whose receiver died before it was acknowledged: see the mesh. */
  readonly retry?: "never" | "repeat";
  /** Names the message, so that a receiver may know it again. */
  readonly key?: (item: Item) => string;
}

/** Sends each item to a node, and has taken it when the node has acknowledged it. */
export function toNode<Message, Item extends Message = Message>(
  place: SendPlace<Message>,
  target: string,
  { message = (item: Item) => item, key, ...options }: ToNodeOptions<Item, Message> = {},
): Output<NoInfer<Item>> {
  return outputOf<Item>("toNode", async (item, { signal }) => {
    const named = key === undefined ? {} : { idempotencyKey: key(item) };
    await place.send(target, message(item), { ...options, ...named, signal });
  });
}

import type { FlowContext } from "./source.js";

/**
 * Where items leave a flow: a processor that yields nothing. It opens what it needs with its first item, and again with
 * the first one after a `close()`. What it returns resolves when the item is where the output promises that it goes.
 */
export interface Output<Item> extends Take<Item> {
  /** Puts away what it has taken, and closes what it has opened. Idempotent. */
  close(): Promise<void>;
}

type Take<Item> = (item: Item, context: FlowContext) => Promise<void> | undefined;

/**
 * An output of two functions.
 *
 * @param name What counts and errors call it where nobody says otherwise.
 */
export function outputOf<Item>(name: string, take: Take<Item>, close = async () => {}): Output<Item> {
  return Object.assign(Object.defineProperty(take, "name", { value: name }), { close });
}

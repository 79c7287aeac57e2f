import type { KeptMessage } from "./kept-message.js";
import { LastKeys } from "./last-keys.js";

/**
 * Keys that are remembered. A server that is killed hands out again what it had not written down, some seconds, and now and
 * then, killed while it wrote down a listener's place (2.9.10, seen), all that its stream has. Up to twice as many: 12 MB at most, and as much for
 * ids, of 255 bytes 32 MB more.
 */
const MOST_KEYS = 65_536;

/** Remembers which events were handled last, or given up, by their numbers; those that were handled also by their ids. */
export class Handled {
  readonly #keys: LastKeys;
  readonly #ids: LastKeys;

  constructor(most = MOST_KEYS) {
    this.#keys = new LastKeys(most);
    this.#ids = new LastKeys(most);
  }

  add({ key, publishedId }: KeptMessage): void {
    this.#keys.add(key);
    if (publishedId !== undefined) this.#ids.add(publishedId);
  }

  /** It may be published anew, under its id. */
  addGivenUp({ key }: KeptMessage): void {
    this.#keys.add(key);
  }

  has({ key }: KeptMessage): boolean {
    return this.#keys.has(key);
  }

  /** Whether one of the same id was handled: its publisher has published it twice, too far apart for the stream to know. */
  hasId({ publishedId }: KeptMessage): boolean {
    return publishedId !== undefined && this.#ids.has(publishedId);
  }
}

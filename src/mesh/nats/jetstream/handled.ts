/**
 * Keys that are remembered. A server that is killed hands out again what it had not written down, some seconds, and now and
 * then, killed while it wrote down a listener's place (2.9.10, seen), all that its stream has. 6 MB at most.
 */
const MOST_KEYS = 65_536;

/** Remembers what was handled last. */
export class Handled {
  readonly #keys = new Set<string>();
  readonly #mostKeys: number;

  constructor(mostKeys = MOST_KEYS) {
    this.#mostKeys = mostKeys;
  }

  add(key: string): void {
    this.#keys.add(key);
    if (this.#keys.size <= this.#mostKeys) return;
    // The first of a set is the oldest.
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }
}

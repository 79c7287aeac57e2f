/**
 * Keys that are remembered. What is handed out again after it was handled is what its server did not write down before it
 * was killed: the acks of some seconds.
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

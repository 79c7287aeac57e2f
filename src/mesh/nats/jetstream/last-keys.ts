/** Remembers the last of many keys. */
export class LastKeys {
  readonly #keys = new Set<string>();
  readonly #mostKeys: number;

  constructor(mostKeys: number) {
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

/**
 * Remembers the last of many keys: so many at least, and at most twice as many. They are forgotten together, which takes
 * less than to take the oldest out of a set each time.
 */
export class LastKeys {
  readonly #leastKeys: number;
  #older = new Set<string>();
  #keys = new Set<string>();

  constructor(leastKeys: number) {
    this.#leastKeys = leastKeys;
  }

  add(key: string): void {
    if (this.#keys.size >= this.#leastKeys) {
      this.#older = this.#keys;
      this.#keys = new Set();
    }
    this.#keys.add(key);
  }

  has(key: string): boolean {
    return this.#keys.has(key) || this.#older.has(key);
  }
}

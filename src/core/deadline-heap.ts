/** What has a place in a heap. */
export interface Placed {
  readonly atMs: number;
  /** Its index; −1 where it is in none. */
  place: number;
}

/** Deadlines in any order, the first of them at hand: to add and to take out takes the logarithm of their number. */
export class DeadlineHeap<Item extends Placed> {
  readonly #items: Item[] = [];

  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    this.#rise(item, this.#items.length);
  }

  /** Takes out what is in it. */
  remove(item: Item): void {
    const last = this.#items.pop();
    const { place } = item;
    item.place = -1;
    if (last === undefined || last === item) return;
    const above = this.#items[(place - 1) >> 1];
    if (place > 0 && above !== undefined && above.atMs > last.atMs) this.#rise(last, place);
    else this.#sink(last, place);
  }

  /** All that are due at a time, in any order. */
  until(atMs: number, place = 0): Item[] {
    const item = this.#items[place];
    if (item === undefined || item.atMs > atMs) return [];
    return [item, ...this.until(atMs, 2 * place + 1), ...this.until(atMs, 2 * place + 2)];
  }

  /** Puts an item into a hole, or into one above it. */
  #rise(item: Item, hole: number): void {
    let place = hole;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#items[parent];
      if (above === undefined || above.atMs <= item.atMs) break;
      this.#put(above, place);
      place = parent;
    }
    this.#put(item, place);
  }

  /** Puts an item into a hole, or into one below it. */
  #sink(item: Item, hole: number): void {
    let place = hole;
    for (;;) {
      let child = 2 * place + 1;
      let below = this.#items[child];
      const other = this.#items[child + 1];
      if (below !== undefined && other !== undefined && other.atMs < below.atMs) {
        below = other;
        child++;
      }
      if (below === undefined || below.atMs >= item.atMs) break;
      this.#put(below, place);
      place = child;
    }
    this.#put(item, place);
  }

  #put(item: Item, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}

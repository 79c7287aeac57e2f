/**
 * First in, first out, in constant time: a ring that grows by doubling and never shrinks.
 *
 * It has no limit of its own; who pushes knows the limit and its reason.
 */
export class Queue<Item extends NonNullable<unknown> | null> {
  #ring: (Item | undefined)[] = [];
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The oldest item; `undefined` when there is none. */
  get first(): Item | undefined {
    return this.#ring[this.#head];
  }

  push(item: Item): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length++;
  }

  /** Takes the oldest item; `undefined` when there is none. */
  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    return item;
  }

  /** Takes all items, oldest first. */
  drain(): Item[] {
    const items: Item[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }

  clear(): void {
    this.#ring = [];
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    if (this.#ring.length === 0) {
      this.#ring = [undefined, undefined, undefined, undefined];
      return;
    }
    const inOrder = [...this.#ring.slice(this.#head), ...this.#ring.slice(0, this.#head)];
    this.#ring = [...inOrder, ...inOrder.map(() => undefined)];
    this.#head = 0;
  }
}

/** What has a time. */
interface Timed {
  readonly atMs: number;
}

/**
 * Brings several sources, each of which is in order by itself, into one: an emulated board's edges have the times of its own
 * clock and may come a while after what the others told later.
 */
export class TimeOrder<Item extends Timed> {
  readonly #latestMs: number;
  readonly #take: (item: Item, atMs: number) => void;
  readonly #sources = new Map<string, Item[]>();
  #lastMs = 0;

  /**
   * @param latenessMs How much later than others of the same time an item may come.
   * @param take Takes each with its time, which never goes back: what comes later still has the last one's.
   */
  constructor(latenessMs: number, take: (item: Item, atMs: number) => void) {
    this.#latestMs = latenessMs;
    this.#take = take;
  }

  add(source: string, item: Item): void {
    const items = this.#sources.get(source);
    if (items) items.push(item);
    else this.#sources.set(source, [item]);
  }

  /** It is this late. @returns Up to when all has been handed on. */
  passTo(atMs: number): number {
    const untilMs = atMs - this.#latestMs;
    const places = new Map<string, number>();
    for (let source = this.#next(places, untilMs); source; source = this.#next(places, untilMs)) {
      const at = places.get(source) ?? 0;
      const item = this.#sources.get(source)?.[at];
      places.set(source, at + 1);
      if (!item) continue;
      this.#lastMs = Math.max(this.#lastMs, item.atMs);
      this.#take(item, this.#lastMs);
    }
    for (const [source, count] of places) this.#sources.get(source)?.splice(0, count);
    return untilMs;
  }

  /** The source whose first item, behind those that are taken already, is the earliest of those that are due. */
  #next(places: ReadonlyMap<string, number>, untilMs: number): string | undefined {
    let [next, nextMs]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const [source, items] of this.#sources) {
      const item = items[places.get(source) ?? 0];
      if (!item || item.atMs > untilMs || item.atMs >= nextMs) continue;
      [next, nextMs] = [source, item.atMs];
    }
    return next;
  }
}

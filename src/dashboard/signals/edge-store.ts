/** Edges of one pin that are kept, the latest: 36 MiB. The older half goes when they are more. */
const MOST_EDGES = 4 * 2 ** 20;

/** The edges of one pin, by time. */
export class PinEdges {
  readonly pin: number;
  #times = new Float64Array(256);
  #levels = new Uint8Array(256);
  #count = 0;

  constructor(pin: number) {
    this.pin = pin;
  }

  get count(): number {
    return this.#count;
  }

  /** Milliseconds of an edge; `undefined` where there is none. */
  timeOf(index: number): number | undefined {
    return index >= 0 && index < this.#count ? this.#times[index] : undefined;
  }

  add(atMs: number, level: 0 | 1): void {
    if (this.#count === this.#times.length) this.#makeRoom();
    this.#times[this.#count] = atMs;
    this.#levels[this.#count++] = level;
  }

  /** The level from an edge on; low before the first. */
  levelAfter(index: number): 0 | 1 {
    return index >= 0 && this.#levels[index] === 1 ? 1 : 0;
  }

  /** How many edges there are before a time. */
  before(atMs: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? 0) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #makeRoom(): void {
    const isFull = this.#count >= MOST_EDGES;
    const kept = isFull ? this.#count / 2 : this.#count;
    const length = isFull ? this.#times.length : this.#times.length * 2;
    const times = new Float64Array(length);
    const levels = new Uint8Array(length);
    times.set(this.#times.subarray(this.#count - kept, this.#count));
    levels.set(this.#levels.subarray(this.#count - kept, this.#count));
    [this.#times, this.#levels, this.#count] = [times, levels, kept];
  }
}

/** All edges that the page was told, by board and pin. */
export class EdgeStore {
  readonly #boards = new Map<number, Map<number, PinEdges>>();

  add(board: number, atMs: number, pin: number, level: 0 | 1): void {
    let pins = this.#boards.get(board);
    if (pins === undefined) {
      pins = new Map();
      this.#boards.set(board, pins);
    }
    let edges = pins.get(pin);
    if (edges === undefined) {
      edges = new PinEdges(pin);
      pins.set(pin, edges);
    }
    edges.add(atMs, level);
  }

  /** Pins of a board that have had an edge, by number. */
  pinsOf(board: number): readonly PinEdges[] {
    return [...(this.#boards.get(board)?.values() ?? [])].sort((one, other) => one.pin - other.pin);
  }

  clear(): void {
    this.#boards.clear();
  }
}

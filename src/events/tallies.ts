/** What the observers of one pattern of a node have done so far. */
export interface ObserverTally {
  readonly node: string;
  /** Empty for those that have ended and whose pattern is forgotten. */
  readonly pattern: string;
  /** Events that the handler has reacted to. */
  handled: number;
  /** Events that it has not, after its retries, and those that did not fit. */
  failed: number;
  /** Events that came while too many waited, or that waited at the end. */
  dropped: number;
}

/** Patterns of ended observers that are remembered: a sketch may wait for each answer on a subject of its own. */
const MOST_PATTERNS = 256;

/** The figures of a node's observers, by pattern: of one it may begin any number, one after the other. */
export class Tallies {
  readonly #node: string;
  readonly #byPattern = new Map<string, { readonly tally: ObserverTally; running: number }>();
  #forgotten: ObserverTally | undefined;

  constructor(node: string) {
    this.#node = node;
  }

  /** An observer begins. */
  begin(pattern: string): ObserverTally {
    let entry = this.#byPattern.get(pattern);
    if (entry === undefined) {
      entry = { tally: this.#make(pattern), running: 0 };
      this.#byPattern.set(pattern, entry);
    }
    entry.running++;
    return entry.tally;
  }

  /** An observer has ended, or could not begin. */
  end(pattern: string): void {
    const entry = this.#byPattern.get(pattern);
    if (entry === undefined || --entry.running > 0 || this.#byPattern.size <= MOST_PATTERNS) return;
    this.#byPattern.delete(pattern);
    this.#forgotten ??= this.#make("");
    this.#forgotten.handled += entry.tally.handled;
    this.#forgotten.failed += entry.tally.failed;
    this.#forgotten.dropped += entry.tally.dropped;
  }

  /** The figures go on counting. */
  list(): readonly Readonly<ObserverTally>[] {
    const tallies = [...this.#byPattern.values()].map(({ tally }) => tally);
    return this.#forgotten ? [...tallies, this.#forgotten] : tallies;
  }

  #make(pattern: string): ObserverTally {
    return { node: this.#node, pattern, handled: 0, failed: 0, dropped: 0 };
  }
}

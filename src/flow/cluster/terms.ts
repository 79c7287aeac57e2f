/** Terms of a source that are remembered: what is older has been handled, or given up, long ago. */
const MOST_TERMS = 16;

/** The first item of a term, as far as is known. */
export interface FirstItem {
  /** Of the lease. */
  readonly revision: number;
  /** When it was stored, in milliseconds. */
  readonly storedAtMs: number;
}

/** The first items of the last terms of a source, highest revision first. */
export class Terms {
  #all: readonly FirstItem[] = [];

  constructor(items: readonly FirstItem[] = []) {
    this.add(items);
  }

  get all(): readonly FirstItem[] {
    return this.#all;
  }

  /** As `parseTerms()` reads it. */
  get text(): string {
    return JSON.stringify(this.#all.map(({ revision, storedAtMs }) => [revision, storedAtMs]));
  }

  /** A newer term that had begun when this item came. */
  findNewer({ revision, storedAtMs }: FirstItem): FirstItem | undefined {
    return this.#all.find((term) => term.revision > revision && term.storedAtMs < storedAtMs);
  }

  /** Takes an item into account. @returns Whether it was not known that its term had begun. */
  note(item: FirstItem): boolean {
    const known = this.#all.find(({ revision }) => revision === item.revision);
    if (known !== undefined && known.storedAtMs <= item.storedAtMs) return false;
    const others = this.#all.filter((term) => term !== known);
    this.#all = [...others, item].sort((one, other) => other.revision - one.revision).slice(0, MOST_TERMS);
    return this.#all.includes(item);
  }

  /** The same of several. */
  add(items: readonly FirstItem[]): boolean {
    return items.filter((item) => this.note(item)).length > 0;
  }
}

/** What was written down; nothing where that is something else. */
export function parseTerms(text: string | undefined): readonly FirstItem[] {
  if (text === undefined) return [];
  let pairs: unknown;
  try {
    pairs = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(pairs)) return [];
  return pairs.flatMap((pair: unknown) => {
    const [revision, storedAtMs] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
    return isCount(revision) && isTime(storedAtMs) ? [{ revision, storedAtMs }] : [];
  });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTime(value: unknown): value is number {
  return Number.isFinite(value) && Number(value) >= 0;
}

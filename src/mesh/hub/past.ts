/** What has been heard of a process, whatever links there were. */
export class Past {
  /** All that it has published up to this number has been heard here, or was not for us. */
  heard = 0;
  /** Who has asked it for last events up to this number has heard them; later ones hear nothing of it before. */
  answered = 0;

  /** It knows of no last events, so that nobody waits for them. */
  isUnasked(): void {
    this.answered = Number.POSITIVE_INFINITY;
  }

  soFar(sequence: number, ask: number): void {
    this.heard = Math.max(this.heard, sequence);
    this.answered = Math.max(this.answered, ask);
  }
}

/** Processes that are kept in mind when they are gone, for when they come again: those of a large mesh. */
const MOST_PASTS = 1_024;

/** What has been heard of processes that were asked for last events. */
export class Pasts {
  readonly #pasts = new Map<string, Past>();

  find(origin: string): Past | undefined {
    return this.#pasts.get(origin);
  }

  keep(origin: string, past: Past): void {
    this.#pasts.delete(origin);
    this.#pasts.set(origin, past);
    if (this.#pasts.size <= MOST_PASTS) return;
    const [oldest] = this.#pasts.keys();
    if (oldest !== undefined) this.#pasts.delete(oldest);
  }
}

import { CircuitError } from "../../core/error.js";
import type { Origin } from "./durable-queue.js";

/** Terms of a source that are remembered: what is older has been handled, or given up, long ago. */
const MOST_TERMS = 16;

interface Term {
  readonly revision: number;
  /** The lowest number in the queue of an item of it. */
  sequence: number;
}

/**
 * Refuses items that a source has sent after another process had taken its lease over: of an older revision than one that
 * is before them in the queue. What was sent in time is let through, however late it is handled. It knows of the items that
 * this process has taken, and of no others.
 */
export class Fence {
  readonly #terms = new Map<string, Term[]>();

  /** Why an item is refused; `undefined` where it is let through. */
  find({ manager, source, tick, revision }: Origin, sequence: number): CircuitError | undefined {
    if (revision === 0) return undefined;
    const key = JSON.stringify([manager, source]);
    const terms = this.#terms.get(key) ?? [];
    this.#terms.set(key, terms);
    const newer = terms.find((term) => term.revision > revision && term.sequence < sequence);
    if (newer !== undefined)
      return new CircuitError(
        "NOT_RUN",
        `Cannot take item ${tick} of ${source}: it came under lease ${revision}, after the first of lease ${newer.revision}`,
        {
          hint: "Look at what has kept its process from stopping in time, for example that it was suspended.",
        },
      );
    this.#note(terms, revision, sequence);
    return undefined;
  }

  #note(terms: Term[], revision: number, sequence: number): void {
    const known = terms.find((term) => term.revision === revision);
    if (known !== undefined) {
      known.sequence = Math.min(known.sequence, sequence);
      return;
    }
    terms.push({ revision, sequence });
    terms.sort((one, other) => other.revision - one.revision);
    terms.length = Math.min(terms.length, MOST_TERMS);
  }
}

import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { hashOf } from "./delivery.js";
import type { Origin } from "./durable-queue.js";
import type { KeyBucket } from "./lease-bucket.js";
import { type FirstItem, parseTerms, Terms } from "./terms.js";

/**
 * How old what is known of other processes may be, in milliseconds, when an item is let through: to ask takes a third of a
 * millisecond, and whoever stops in time has stopped half a second before the next begins.
 */
const FRESH_MS = 500;

/** Writes in a row that lose against another process's. */
const MOST_ROUNDS = 5;

export interface FenceOptions {
  readonly bucket: KeyBucket;
  readonly flow: string;
  readonly clock: Clock;
}

/** A source, as a fence knows it. */
interface Source {
  readonly key: string;
  readonly terms: Terms;
  askedAtMs: number;
  asking: Promise<void> | undefined;
}

/**
 * Refuses items that a source has sent after another process had taken its lease over: of an older revision than one that
 * was stored before them. What was sent in time is let through, however late it is handled. Times tell, not numbers in the
 * queue: a cluster that goes back to an earlier state gives numbers anew.
 *
 * The first items of terms are written down, for processes that have not seen them: so one that begins anew refuses what it
 * refused before.
 */
export class Fence {
  readonly #options: FenceOptions | undefined;
  readonly #sources = new Map<string, Source>();

  /** @param options Where processes tell each other what they have seen; without it a fence knows its own items only. */
  constructor(options?: FenceOptions) {
    this.#options = options;
  }

  /** Resolves when what others have seen is known, where it is not; never rejects. Storage that is away is not waited for. */
  ready({ manager, source, revision }: Origin): Promise<void> | undefined {
    if (this.#options === undefined || revision === 0) return undefined;
    const known = this.#sourceOf(manager, source);
    if (this.#options.clock.now() - known.askedAtMs < FRESH_MS) return undefined;
    known.asking ??= this.#ask(known).finally(() => {
      known.asking = undefined;
    });
    return known.asking;
  }

  /** Why an item is refused; `undefined` where it is let through. */
  find({ manager, source, tick, revision }: Origin, storedAtMs: number): CircuitError | undefined {
    if (revision === 0) return undefined;
    const known = this.#sourceOf(manager, source);
    const newer = known.terms.findNewer({ revision, storedAtMs });
    if (newer !== undefined)
      return new CircuitError(
        "NOT_RUN",
        `Cannot take item ${tick} of ${source}: it came under lease ${revision}, after the first of lease ${newer.revision}`,
        {
          hint: "Look at what has kept its process from stopping in time, for example that it was suspended.",
        },
      );
    if (known.terms.note({ revision, storedAtMs })) void this.#write(known).catch(() => {});
    return undefined;
  }

  /**
   * A term begins under this revision: where higher ones are written down, leases were forgotten since, and so are they.
   *
   * @throws While the storage is away.
   */
  async begin(manager: string, source: string, revision: number): Promise<void> {
    if (this.#options === undefined) return;
    const { bucket } = this.#options;
    const { key } = this.#sourceOf(manager, source);
    const found = await bucket.find(key);
    if (found !== undefined && parseTerms(found.value).some((term) => term.revision > revision))
      await bucket.remove(key, found.revision);
  }

  #sourceOf(manager: string, source: string): Source {
    const name = JSON.stringify([this.#options?.flow, manager, source]);
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const made: Source = {
      key: `fence.${hashOf(name)}`,
      terms: new Terms(),
      askedAtMs: Number.NEGATIVE_INFINITY,
      asking: undefined,
    };
    this.#sources.set(name, made);
    return made;
  }

  async #ask(known: Source): Promise<void> {
    const startMs = this.#options?.clock.now() ?? 0;
    try {
      known.terms.add(parseTerms((await this.#options?.bucket.find(known.key))?.value));
    } catch {
      // What is known here has to do, until it is asked again.
    }
    known.askedAtMs = startMs;
  }

  /** Adds what was seen here to what is written down. */
  async #write({ key, terms }: Source): Promise<void> {
    if (this.#options === undefined) return;
    const { bucket } = this.#options;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const found = await bucket.find(key);
      const before: readonly FirstItem[] = parseTerms(found?.value);
      const all = new Terms(before);
      if (!all.add(terms.all)) return;
      const written =
        found === undefined
          ? await bucket.create(key, all.text)
          : await bucket.update(key, all.text, found.revision);
      if (written !== undefined) return;
    }
  }
}

import { Latencies } from "../core/latencies.js";

/** What became of the items of a part. `in` = dropped + handled + failed + abandoned + waiting + running, at any time. */
export interface PartCounts {
  /** Items that came to it. */
  readonly in: number;
  /** Items that had no room on their connection or in a source, or came too late. */
  readonly dropped: number;
  /** Of a source that keeps what comes unasked, those that it has yielded. */
  readonly handled: number;
  /** Items given up because the part failed with them. */
  readonly failed: number;
  /** Items given up because their pipeline ended before they were handled to the end. */
  readonly abandoned: number;
  /** Items that wait on its connections now, or in a source. */
  readonly waiting: number;
  /** Items that are handled now. */
  readonly running: number;
  /** Items that it has emitted. */
  readonly out: number;
  /** Of these, those for an output that nobody takes. */
  readonly untaken: number;
  /** What 99 of 100 handlers take at most, in milliseconds, of a sample of them; `undefined` before the first. */
  readonly p99Ms: number | undefined;
}

/**
 * Calls from one that is timed to the next, at most: to look at the clock twice costs more than a small handler. Where
 * calls take longer than that, more of them are timed, and each where they are rare.
 */
const MOST_CALLS_APART = 1_024;

/** Timed calls are to be this far apart, in milliseconds: then a thousand of them are some seconds. */
const TIMED_APART_MS = { least: 1, most: 10 };

/** The counts of a part, over all lives of its pipeline. */
export class PartTally {
  in = 0;
  dropped = 0;
  handled = 0;
  failed = 0;
  abandoned = 0;
  /** What waits in a source. */
  waiting = 0;
  /** Counts what waits on connections: to count each as it comes and goes takes longer than the rest. */
  countWaiting: () => number = () => 0;
  running = 0;
  out = 0;
  untaken = 0;
  readonly latencies = new Latencies();
  /** How many are to be handled when the next call is timed. */
  timedAt = 0;
  #callsApart = 1;
  #timedAtMs = Number.NEGATIVE_INFINITY;

  /** Takes the times of a call that began when `timedAt` were handled, and was handled. */
  timed(startMs: number, endMs: number): void {
    this.latencies.add(endMs - startMs);
    const apartMs = endMs - this.#timedAtMs;
    this.#timedAtMs = endMs;
    if (apartMs < TIMED_APART_MS.least) this.#callsApart = Math.min(this.#callsApart * 2, MOST_CALLS_APART);
    else if (apartMs > TIMED_APART_MS.most) this.#callsApart = Math.max(this.#callsApart / 2, 1);
    // This one is handled already.
    this.timedAt = this.handled + this.#callsApart - 1;
  }

  /** Counts an item that a source has yielded when it was to yield none any more. */
  countLate(): void {
    // What waited in the source is counted as yielded already.
    if (this.handled > 0) this.handled--;
    else this.in++;
    this.dropped++;
  }

  get counts(): PartCounts {
    const { dropped, handled, failed, abandoned, running, out, untaken } = this;
    const waiting = this.waiting + this.countWaiting();
    const p99Ms = this.latencies.percentile(0.99);
    return { in: this.in, dropped, handled, failed, abandoned, waiting, running, out, untaken, p99Ms };
  }
}

/** What went over a connection. */
export interface ConnectionCounts {
  readonly from: string;
  readonly output: string;
  readonly to: string;
  readonly dropped: number;
}

/** The counts of a pipeline, by the names of its parts, over all of its lives. */
export class Tallies {
  readonly #parts = new Map<string, PartTally>();
  readonly #connections = new Map<string, ConnectionTally>();

  part(name: string): PartTally {
    let tally = this.#parts.get(name);
    if (tally === undefined) {
      tally = new PartTally();
      this.#parts.set(name, tally);
    }
    return tally;
  }

  connection(from: string, output: string, to: string): ConnectionTally {
    const key = JSON.stringify([from, output, to]);
    let tally = this.#connections.get(key);
    if (tally === undefined) {
      tally = { from, output, to, dropped: 0 };
      this.#connections.set(key, tally);
    }
    return tally;
  }

  /** Counts an item that did not get through a connection. */
  countRefused(connection: ConnectionTally): void {
    const to = this.part(connection.to);
    to.in++;
    to.dropped++;
    connection.dropped++;
  }

  get parts(): Readonly<Record<string, PartCounts>> {
    return Object.fromEntries([...this.#parts].map(([name, tally]) => [name, tally.counts]));
  }

  get connections(): readonly ConnectionCounts[] {
    return [...this.#connections.values()].map((tally) => ({ ...tally }));
  }
}

export interface ConnectionTally extends ConnectionCounts {
  dropped: number;
}

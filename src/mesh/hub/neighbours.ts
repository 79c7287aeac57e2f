import { backoff } from "../../core/backoff.js";
import type { Clock } from "../../core/clock.js";
import type { Meeting } from "../peer.js";

/** The longest wait before a node that is away is sought again, in milliseconds: it may never come back. */
const LONGEST_WAIT_MS = 30_000;

/** A link that held for so long was a good one, in milliseconds: the waits after it begin anew. */
const GOOD_LINK_MS = 10_000;

export interface NeighboursOptions {
  readonly clock: Clock;
  /** Time for a node to answer before nobody waits for it any more, in milliseconds. */
  readonly limitMs: number;
  /** Connects to a node, where it is not, and tells what becomes of that. */
  meet(target: string, meeting: Meeting): void;
}

/** Keeps a link to each of the nodes that are known, for as long as they are, and never tires of those that are away. */
export class Neighbours {
  readonly #options: NeighboursOptions;
  readonly #neighbours = new Map<string, Neighbour>();
  #isClosed = false;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** Adds a node. Adding it again does nothing. */
  add(target: string): void {
    if (this.#isClosed || this.#neighbours.has(target)) return;
    const neighbour = new Neighbour(target, this.#options);
    this.#neighbours.set(target, neighbour);
    neighbour.seek();
  }

  /** The link to it may go on, and is not replaced. Idempotent. */
  delete(target: string): void {
    this.#neighbours.get(target)?.close();
    this.#neighbours.delete(target);
  }

  /** Resolves when each has a link, or was seen not to answer; after the limit in any case. */
  settle(): Promise<void> {
    const { clock, limitMs } = this.#options;
    return new Promise((resolve) => {
      const stopWaiting = clock.after(limitMs, resolve);
      void Promise.all([...this.#neighbours.values()].map(({ settled }) => settled)).then(() => {
        stopWaiting();
        resolve();
      });
    });
  }

  /** Seeks nobody any more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const target of [...this.#neighbours.keys()]) this.delete(target);
  }
}

class Neighbour implements Meeting {
  /** Resolves when it has answered, or has not. */
  readonly settled: Promise<void>;
  readonly #target: string;
  readonly #options: NeighboursOptions;
  #settle = () => {};
  #waits = backoff({ longestMs: LONGEST_WAIT_MS });
  #openedAtMs = Number.POSITIVE_INFINITY;
  #stopWaiting = () => {};
  #isClosed = false;

  constructor(target: string, options: NeighboursOptions) {
    this.#target = target;
    this.#options = options;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  seek(): void {
    this.#options.meet(this.#target, this);
  }

  opened(): void {
    this.#openedAtMs = this.#options.clock.now();
    this.#settle();
  }

  missing(): void {
    this.#settle();
  }

  over(isForeign: boolean): void {
    this.#settle();
    if (this.#isClosed) return;
    const { clock } = this.#options;
    if (clock.now() - this.#openedAtMs > GOOD_LINK_MS) this.#waits = backoff({ longestMs: LONGEST_WAIT_MS });
    this.#openedAtMs = Number.POSITIVE_INFINITY;
    this.#stopWaiting();
    // Who speaks the plain protocol hears no events; another may come in its place.
    const waitMs = isForeign ? LONGEST_WAIT_MS : this.#waits.next().value;
    this.#stopWaiting = clock.after(waitMs, () => this.seek());
  }

  close(): void {
    this.#isClosed = true;
    this.#settle();
    this.#stopWaiting();
  }
}

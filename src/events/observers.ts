import { DurableObserver } from "./durable-observer.js";
import type { ObserverHost, ObserverTally } from "./host.js";
import { LiveObserver } from "./live-observer.js";
import type { Observer, RunningObserver } from "./observer.js";
import type { ObserverDefinition } from "./on.js";

/** The observers of one node. */
export class Observers {
  readonly #host: ObserverHost;
  readonly #running = new Set<RunningObserver>();
  /** By pattern: a node may begin any number of observers, one after the other. */
  readonly #tallies = new Map<string, ObserverTally>();

  constructor(host: ObserverHost) {
    this.#host = host;
  }

  /**
   * Begins to react.
   *
   * @throws {CircuitError} `USAGE` where it is durable and nothing keeps events, and what `Mesh.subscribe()` throws.
   */
  start(definition: ObserverDefinition): Observer {
    const { pattern, options } = definition;
    const tally = this.#tallyOf(pattern);
    const Kind = options.durable === undefined ? LiveObserver : DurableObserver;
    const observer = new Kind(definition, this.#host, tally);
    this.#running.add(observer);
    void observer.done.then(() => this.#running.delete(observer));
    return observer;
  }

  /** What they have done so far; the figures go on counting. */
  counts(): readonly Readonly<ObserverTally>[] {
    return [...this.#tallies.values()];
  }

  /** Resolves when all that were begun so far listen; rejects when one cannot. */
  async ready(): Promise<void> {
    await Promise.all([...this.#running].map(({ ready }) => ready));
  }

  /** Resolves when all that were begun so far have ended by themselves. */
  async done(): Promise<void> {
    await Promise.all([...this.#running].map(({ done }) => done));
  }

  /** Closes all, gives what runs some time, and then stops it. Idempotent. */
  async finish(graceMs: number): Promise<void> {
    await Promise.all([...this.#running].map((observer) => observer.finish(graceMs)));
  }

  #tallyOf(pattern: string): ObserverTally {
    let tally = this.#tallies.get(pattern);
    if (tally === undefined) {
      tally = { node: this.#host.node, pattern, handled: 0, failed: 0, dropped: 0 };
      this.#tallies.set(pattern, tally);
    }
    return tally;
  }
}

import { DurableObserver } from "./durable-observer.js";
import type { ObserverHost } from "./host.js";
import { LiveObserver } from "./live-observer.js";
import type { Observer, RunningObserver } from "./observer.js";
import type { ObserverDefinition } from "./on.js";
import { type ObserverTally, Tallies } from "./tallies.js";

/** The observers of one node. */
export class Observers {
  readonly #host: ObserverHost;
  readonly #running = new Set<RunningObserver>();
  readonly #tallies: Tallies;
  /** Why one could not listen, the first time; in a box: a reason may be anything. */
  #problem: { readonly reason: unknown } | undefined;

  constructor(host: ObserverHost) {
    this.#host = host;
    this.#tallies = new Tallies(host.node);
  }

  /**
   * Begins to react.
   *
   * @throws {CircuitError} `USAGE` where it is durable and nothing keeps events, and what `Mesh.subscribe()` throws.
   */
  start(definition: ObserverDefinition): Observer {
    const { pattern, options } = definition;
    const tally = this.#tallies.begin(pattern);
    const Kind = options.durable === undefined ? LiveObserver : DurableObserver;
    let observer: RunningObserver;
    try {
      observer = new Kind(definition, this.#host, tally);
    } catch (problem) {
      this.#tallies.end(pattern);
      throw problem;
    }
    this.#running.add(observer);
    // One that fails has ended before anybody asks whether it is ready.
    observer.ready.catch((reason: unknown) => {
      this.#problem ??= { reason };
    });
    void observer.done.then(() => {
      this.#running.delete(observer);
      this.#tallies.end(pattern);
    });
    return observer;
  }

  /** What they have done so far; the figures go on counting. */
  counts(): readonly Readonly<ObserverTally>[] {
    return this.#tallies.list();
  }

  /** Resolves when all that were begun so far listen; rejects when one cannot, or could not. */
  async ready(): Promise<void> {
    await Promise.all([...this.#running].map(({ ready }) => ready));
    if (this.#problem) throw this.#problem.reason;
  }

  /** Resolves when all that were begun so far have ended by themselves. */
  async done(): Promise<void> {
    await Promise.all([...this.#running].map(({ done }) => done));
  }

  /** Closes all, gives what runs some time, and then stops it. Idempotent. */
  async finish(graceMs: number): Promise<void> {
    await Promise.all([...this.#running].map((observer) => observer.finish(graceMs)));
  }
}

import { backoff } from "../core/backoff.js";
import { messageOf } from "../core/error.js";
import { Queue } from "../core/queue.js";
import type { MeshEvent, Subscription } from "../mesh/event.js";
import type { ObservedEvent } from "./event.js";
import type { ObserverHost, ObserverTally } from "./host.js";
import type { RunningObserver } from "./observer.js";
import type { ObserverDefinition } from "./on.js";
import { Reaction, tooSlow } from "./reaction.js";
import type { Sifted } from "./sift.js";

/**
 * Events that wait for a handler. A frame can bring as many small ones at once; were each of the longest, they would hold
 * 256 MiB.
 */
const MOST_WAITING = 4_096;

/** An event on its way to the handler. */
interface Job {
  readonly event: MeshEvent;
  readonly at: number;
  readonly sifted: Exclude<Sifted, { readonly is: "other" }> | Promise<Sifted>;
}

/** Reacts to events as they come. What comes while too many wait is dropped. */
export class LiveObserver implements RunningObserver {
  readonly pattern: string;
  readonly ready = Promise.resolve();
  readonly done: Promise<void>;
  readonly #reaction: Reaction;
  #subscription: Subscription | undefined;
  readonly #waiting = new Queue<Job>();
  /** Aborts when what runs is to end: waits between tries end with it. */
  readonly #stopping = new AbortController();
  readonly #concurrency: number;
  readonly #mostTaken: number;
  #running = 0;
  /** Events that were for the handler. */
  #taken = 0;
  #isClosed = false;
  #isBehind = false;
  #isDone: () => void = () => {};

  /** @throws {CircuitError} What `Mesh.subscribe()` throws; the signal's own reason. */
  constructor(definition: ObserverDefinition, host: ObserverHost, tally: ObserverTally) {
    const { pattern, options } = definition;
    const { count = Number.POSITIVE_INFINITY, concurrency = 1, queue, last, signal } = options;
    signal?.throwIfAborted();
    this.pattern = pattern;
    this.#reaction = new Reaction(definition, host, tally);
    this.#concurrency = concurrency;
    this.#mostTaken = count;
    this.done = new Promise((resolve) => {
      this.#isDone = resolve;
    });
    this.#subscription = host.mesh.subscribe(pattern, (event) => this.#hear(event), {
      ...(queue !== undefined && { queue }),
      ...(last !== undefined && { last }),
      onError: (problem) => host.notice(`${host.node}: on ${pattern}: ${messageOf(problem)}`),
    });
    // The last value may have come already, and have been all that was to be heard.
    if (this.#isOver) this.#subscription.close();
    else signal?.addEventListener("abort", this.#close, { once: true });
  }

  close(): void {
    this.#close();
  }

  async finish(graceMs: number): Promise<void> {
    this.#close();
    const { clock } = this.#reaction.host;
    const cancel = clock.after(graceMs, () => {
      const reason = tooSlow(this.pattern, graceMs);
      this.#stopping.abort(reason);
      this.#reaction.stop(reason);
    });
    await this.done;
    cancel();
  }

  readonly #close = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const left = this.#waiting.drain().length;
    const { host, tally } = this.#reaction;
    tally.dropped += left;
    if (left > 0) host.notice(`${host.node}: on ${this.pattern}: ${left} events waited and are dropped`);
    this.#leave();
  };

  get #isOver(): boolean {
    return this.#isClosed || this.#taken >= this.#mostTaken;
  }

  /** Hears nothing new. */
  #leave(): void {
    this.#subscription?.close();
    this.#reaction.definition.options.signal?.removeEventListener("abort", this.#close);
    this.#next();
  }

  #hear(event: MeshEvent): void {
    if (this.#isOver) return;
    if (this.#waiting.length >= MOST_WAITING) this.#drop();
    else this.#take(event);
  }

  #take(event: MeshEvent): void {
    const at = this.#reaction.timeOf(event);
    const sifted = this.#reaction.sift(event, at);
    if (sifted instanceof Promise) {
      this.#waiting.push({ event, at, sifted });
    } else {
      if (sifted.is === "other") return;
      this.#waiting.push({ event, at, sifted });
      // After it has its place: with the last, this may be the end.
      if (sifted.is === "fit") this.#count();
    }
    this.#next();
  }

  /** An event is for the handler; after the last, nothing more is heard. */
  #count(): void {
    if (++this.#taken === this.#mostTaken) this.#leave();
  }

  #drop(): void {
    const { host, tally } = this.#reaction;
    tally.dropped++;
    if (this.#isBehind) return;
    this.#isBehind = true;
    host.notice(
      `${host.node}: on ${this.pattern}: ${MOST_WAITING} events wait for the handler, and what comes is dropped`,
    );
  }

  #next(): void {
    while (this.#running < this.#concurrency) {
      const job = this.#waiting.shift();
      if (job === undefined) break;
      this.#running++;
      const work = this.#do(job);
      if (work === undefined) this.#running--;
      else void work.then(this.#ended);
    }
    // The next burst is told of again.
    if (this.#waiting.length === 0) this.#isBehind = false;
    if (this.#isOver && this.#running === 0 && this.#waiting.length === 0) this.#isDone();
  }

  readonly #ended = (): void => {
    this.#running--;
    this.#next();
  };

  /** Never rejects. A Promise only where the schema or the handler gives one. */
  #do(job: Job): Promise<void> | undefined {
    if (!(job.sifted instanceof Promise)) return this.#react(job, job.sifted);
    return job.sifted.then((sifted) => {
      if (sifted.is === "fit") {
        if (this.#taken >= this.#mostTaken) return undefined;
        this.#count();
      }
      return this.#react(job, sifted);
    });
  }

  #react(job: Job, sifted: Sifted): Promise<void> | undefined {
    if (sifted.is === "other") return undefined;
    if (sifted.is === "wrong") {
      this.#reaction.fail(job.event, job.at, { cause: sifted.problem, attempts: 0 });
      return undefined;
    }
    const { event } = sifted;
    try {
      const answer = this.#reaction.call(event, 1);
      if (answer instanceof Promise)
        return answer.then(this.#handled, (cause: unknown) => this.#again(job, event, cause));
    } catch (cause) {
      return this.#again(job, event, cause);
    }
    this.#handled();
    return undefined;
  }

  readonly #handled = (): void => {
    this.#reaction.tally.handled++;
  };

  /** Tries again what has failed once, as often as it may. */
  #again(job: Job, event: ObservedEvent<unknown>, problem: unknown): Promise<void> | undefined {
    const { retries = 0 } = this.#reaction.definition.options;
    if (retries > 0 && !this.#stopping.signal.aborted) return this.#retry(job, event, problem);
    this.#reaction.fail(job.event, job.at, { cause: problem, attempts: 1 });
    return undefined;
  }

  async #retry(job: Job, event: ObservedEvent<unknown>, problem: unknown): Promise<void> {
    const { retries = 0 } = this.#reaction.definition.options;
    let cause = problem;
    let attempts = 1;
    for (const waitMs of backoff()) {
      if (attempts > retries) break;
      try {
        await this.#reaction.host.clock.sleep(waitMs, this.#stopping.signal);
      } catch {
        break;
      }
      attempts++;
      try {
        await this.#reaction.call(event, attempts);
        this.#handled();
        return;
      } catch (thrown) {
        cause = thrown;
      }
      if (this.#stopping.signal.aborted) break;
    }
    this.#reaction.fail(job.event, job.at, { cause, attempts });
  }
}

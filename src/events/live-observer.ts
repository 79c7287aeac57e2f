import { backoff } from "../core/backoff.js";
import { messageOf } from "../core/error.js";
import { Queue } from "../core/queue.js";
import type { MeshEvent, Subscription } from "../mesh/event.js";
import { Burst } from "./burst.js";
import type { ObserverHost } from "./host.js";
import type { RunningObserver } from "./observer.js";
import type { ObserverDefinition } from "./on.js";
import { Reaction, tooSlow } from "./reaction.js";
import type { Fit, Sifted } from "./sift.js";
import type { ObserverTally } from "./tallies.js";

/**
 * Events that wait for a handler. A frame can bring as many small ones at once; were each of the longest, they would hold
 * 256 MiB.
 */
const MOST_WAITING = 4_096;

/** How often is told what was dropped, while it goes on, in milliseconds. */
const DROPS_MS = 10_000;

/** An event on its way to the handler. */
interface Job {
  readonly event: MeshEvent;
  readonly at: number;
  /** Whether it is for the handler, where that is known, or being found out; otherwise it is found out in its turn. */
  readonly sifted: Sifted | Promise<Sifted> | undefined;
}

/** Reacts to events as they come. What comes while too many wait is dropped. */
export class LiveObserver implements RunningObserver {
  readonly pattern: string;
  readonly ready = Promise.resolve();
  readonly done: Promise<void>;
  readonly #reaction: Reaction;
  #subscription: Subscription | undefined;
  readonly #waiting = new Queue<Job>();
  readonly #drops: Burst;
  /** Aborts when what runs is to end: waits between tries end with it. */
  readonly #stopping = new AbortController();
  readonly #concurrency: number;
  readonly #mostTaken: number;
  #running = 0;
  /** Events that were for the handler. */
  #taken = 0;
  /** The schema takes its time, which is bounded as handlers are: each event in its turn, so many at the same time. */
  #isSlow = false;
  #isClosed = false;
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
    this.#drops = new Burst({
      clock: host.clock,
      lastsMs: DROPS_MS,
      more: (dropped) => host.notice(`${host.node}: on ${pattern}: ${dropped} more were dropped`),
    });
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

  get #isFull(): boolean {
    return this.#taken >= this.#mostTaken;
  }

  get #isOver(): boolean {
    return this.#isClosed || this.#isFull;
  }

  /** Hears nothing new. */
  #leave(): void {
    this.#subscription?.close();
    this.#reaction.definition.options.signal?.removeEventListener("abort", this.#close);
    this.#next();
  }

  #hear(event: MeshEvent): void {
    if (this.#isOver) return;
    const at = this.#reaction.timeOf(event);
    // Before it takes a place: what is for nobody takes none.
    const sifted = this.#isSlow ? undefined : this.#reaction.sift(event, at);
    if (sifted instanceof Promise) this.#isSlow = true;
    else if (sifted?.is === "other") return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#drop();
      return;
    }
    this.#waiting.push({ event, at, sifted });
    // After it has its place: with the last, this may be the end.
    if (sifted && !(sifted instanceof Promise) && sifted.is === "fit") this.#count();
    this.#next();
  }

  /** An event is for the handler; after the last, nothing more is heard. */
  #count(): void {
    if (++this.#taken === this.#mostTaken) this.#leave();
  }

  #drop(): void {
    const { host, tally } = this.#reaction;
    tally.dropped++;
    if (!this.#drops.add()) return;
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
    if (this.#waiting.length > 0) return;
    // It has caught up.
    this.#drops.end();
    if (!this.#isOver || this.#running > 0) return;
    this.#reaction.end();
    this.#isDone();
  }

  readonly #ended = (): void => {
    this.#running--;
    this.#next();
  };

  /** Never rejects. A Promise only where the schema or the handler gives one. */
  #do(job: Job): Promise<void> | undefined {
    if (job.sifted && !(job.sifted instanceof Promise)) return this.#react(job, job.sifted);
    if (this.#isFull) return undefined;
    const sifted = job.sifted ?? this.#reaction.sift(job.event, job.at);
    if (sifted instanceof Promise) return sifted.then((settled) => this.#decided(job, settled));
    return this.#decided(job, sifted);
  }

  /** It is known of an event whether it is for the handler, which may be closed or have had its count since. */
  #decided(job: Job, sifted: Sifted): Promise<void> | undefined {
    if (this.#isFull) return undefined;
    if (this.#isClosed) {
      this.#reaction.tally.dropped++;
      return undefined;
    }
    if (sifted.is === "fit") this.#count();
    return this.#react(job, sifted);
  }

  /** One that was for the handler has been counted. */
  #react(job: Job, sifted: Sifted): Promise<void> | undefined {
    if (sifted.is === "other") return undefined;
    if (sifted.is === "unsaid") return this.#again(job, undefined, sifted.problem);
    if (sifted.is === "misfit") {
      this.#reaction.fail(job.event, job.at, { cause: sifted.problem, attempts: 0 });
      return undefined;
    }
    try {
      const answer = this.#reaction.call(sifted.event, 1);
      if (answer instanceof Promise)
        return answer.then(this.#handled, (cause: unknown) => this.#again(job, sifted, cause));
    } catch (cause) {
      return this.#again(job, sifted, cause);
    }
    this.#handled();
    return undefined;
  }

  readonly #handled = (): void => {
    this.#reaction.tally.handled++;
  };

  /**
   * Tries again what has failed once, as often as it may.
   *
   * @param fit What was for the handler; `undefined` where nobody could say whether it is.
   */
  #again(job: Job, fit: Fit | undefined, problem: unknown): Promise<void> | undefined {
    const { retries = 0 } = this.#reaction.definition.options;
    if (retries > 0 && !this.#stopping.signal.aborted) return this.#retry(job, fit, problem);
    this.#reaction.fail(job.event, job.at, { cause: problem, attempts: 1 });
    return undefined;
  }

  async #retry(job: Job, found: Fit | undefined, problem: unknown): Promise<void> {
    const { retries = 0 } = this.#reaction.definition.options;
    let fit = found;
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
        fit ??= await this.#siftAgain(job);
        if (fit === undefined) return;
        await this.#reaction.call(fit.event, attempts);
        this.#handled();
        return;
      } catch (thrown) {
        cause = thrown;
      }
      if (this.#stopping.signal.aborted) break;
    }
    this.#reaction.fail(job.event, job.at, { cause, attempts });
  }

  /**
   * Asks once more whether an event is for the handler, and counts it where it is; `undefined` where it is not.
   *
   * @throws Why nobody can say, still.
   */
  async #siftAgain({ event, at }: Job): Promise<Fit | undefined> {
    if (this.#isOver) return undefined;
    const sifted = await this.#reaction.sift(event, at);
    if (sifted.is === "unsaid") throw sifted.problem;
    if (sifted.is === "misfit") this.#reaction.fail(event, at, { cause: sifted.problem, attempts: 0 });
    if (sifted.is !== "fit" || this.#isOver) return undefined;
    this.#count();
    return sifted;
  }
}

import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type { ConsumeOptions, DurableEvent } from "../../durable.js";
import type { Handled } from "./handled.js";
import type { KeptMessage } from "./kept-message.js";
import { Run } from "./run.js";
import type { Tries } from "./tries.js";

export type DurableHandler = (event: DurableEvent, signal: AbortSignal) => unknown;

/** Time that a handler may take where nobody says, in milliseconds. */
export const USUAL_HANDLER_MS = 30_000;

/** Handlers that take less are quick, in milliseconds. */
const QUICK_MS = 5;

export interface RunsOptions {
  readonly clock: Clock;
  readonly handler: DurableHandler;
  readonly options: ConsumeOptions;
  /** Whether handlers want to know when they are aborted. */
  readonly hasSignals: boolean;
  readonly handled: Handled;
  readonly tries: Tries;
  /** An event is handed to the handler. */
  readonly heard: () => void;
  /** An event came again after it was handled, or while it is. */
  readonly again: () => void;
  /** There is room for another. */
  readonly freed: () => void;
}

/** Events that are here and not acknowledged: those that wait, and those whose handlers run. */
export class Runs {
  readonly concurrency: number;
  readonly #given: RunsOptions;
  /** In the order in which they came. */
  readonly #held = new Map<string, Run>();
  readonly #waiting: Run[] = [];
  #running = 0;
  #isAlone = false;
  #isLeaving = false;
  /** How long handlers took, as a mean of the last few, in milliseconds. */
  #handlerMs = QUICK_MS;
  #whenIdle = () => {};

  constructor(given: RunsOptions) {
    this.#given = given;
    this.concurrency = given.options.concurrency ?? 1;
  }

  get held(): number {
    return this.#held.size;
  }

  /** Whether what runs is to run alone. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  get isQuick(): boolean {
    return this.#handlerMs < QUICK_MS;
  }

  hold(kept: KeptMessage): void {
    const held = this.#held.get(kept.key);
    if (held) {
      this.#given.again();
      held.kept = kept; // what is answered is the newest
      return;
    }
    const run = new Run(kept, this.#given.clock, this.#given.hasSignals);
    this.#held.set(run.key, run);
    this.#waiting.push(run);
    this.#next();
  }

  /** Says of everything that is held that it is being worked on. */
  working(): void {
    for (const run of this.#held.values()) run.kept.working();
  }

  /** Hands back what nobody has begun, and resolves when the rest has ended. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    for (const run of this.#waiting.splice(0)) this.#release(run);
    if (this.#held.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  /** Hands everything back at once, whatever becomes of the handlers. */
  giveUp(): void {
    for (const run of [...this.#held.values()]) {
      run.abort(
        new CircuitError("PEER_LOST", `Cannot go on with ${run.event.subject}: its listener is closed`),
      );
      this.#release(run);
    }
  }

  #release(run: Run): void {
    run.kept.retryAfter(0);
    this.#forget(run);
  }

  #forget(run: Run): void {
    this.#held.delete(run.key);
    if (this.#held.size === 0) this.#whenIdle();
  }

  #next(): void {
    while (this.#running < this.concurrency && !this.#isAlone) {
      const run = this.#waiting.shift();
      if (run === undefined) return;
      const isSuspect = this.#given.tries.isSuspect(run);
      if (isSuspect && this.#running > 0) {
        this.#waiting.unshift(run);
        return;
      }
      this.#isAlone = isSuspect;
      this.#running++;
      const startedAt = this.#given.clock.now();
      const rest = isSuspect ? this.#trySuspect(run) : this.#try(run);
      if (rest === undefined) this.#ended(run, startedAt);
      else void this.#follow(run, rest, startedAt);
    }
  }

  async #follow(run: Run, rest: PromiseLike<void>, startedAt: number): Promise<void> {
    await rest;
    this.#ended(run, startedAt);
    this.#next();
  }

  #ended(run: Run, startedAt: number): void {
    const { clock, freed } = this.#given;
    this.#running--;
    this.#isAlone = false;
    this.#handlerMs += (clock.now() - startedAt - this.#handlerMs) / 8;
    this.#forget(run);
    freed();
  }

  async #trySuspect(run: Run): Promise<void> {
    try {
      if (await this.#given.tries.isOver(run)) return;
    } catch (cause) {
      await this.#failed(run, cause);
      return;
    }
    await this.#try(run);
  }

  /** A Promise, which never rejects, where that takes more than a call. */
  #try(run: Run): Promise<void> | undefined {
    const { handler, handled, heard, again } = this.#given;
    if (handled.hasId(run.kept)) {
      again();
      run.kept.ack();
      return undefined;
    }
    heard();
    try {
      const work = handler(run.event, run.signal);
      if (isThenable(work)) return this.#through(run, work);
    } catch (cause) {
      return this.#failed(run, cause);
    }
    this.#done(run);
    return undefined;
  }

  async #through(run: Run, work: PromiseLike<unknown>): Promise<void> {
    try {
      await run.through(work, this.#given.options.handlerMs ?? USUAL_HANDLER_MS);
    } catch (cause) {
      await this.#failed(run, cause);
      return;
    }
    this.#done(run);
  }

  #done(run: Run): void {
    if (!this.#held.has(run.key)) return;
    this.#given.handled.add(run.kept);
    run.kept.ack();
  }

  async #failed(run: Run, cause: unknown): Promise<void> {
    // What was handed back already has not failed.
    if (this.#held.has(run.key)) await this.#given.tries.failed(run, cause, this.#isLeaving);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

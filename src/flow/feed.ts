import type { Breath } from "./breath.js";
import { isAsyncIterable, isThenable, type Outlet } from "./outlet.js";
import type { PlannedSource } from "./plan.js";
import type { FlowContext } from "./source.js";

type Steps = AsyncIterator<unknown> | Iterator<unknown>;

/** Draws items out of a source, one after another, in one life of its pipeline. */
export class Feed {
  readonly planned: PlannedSource;
  readonly #context: FlowContext;
  readonly #stop: AbortController;
  readonly #outlet: Pick<Outlet, "one">;
  readonly #breath: Breath;
  #isRunning = false;
  #isBlocked = false;
  /** The signal says the same, but to ask it takes as long as a small handler. */
  #isStopped = false;
  #steps: Steps | undefined;

  constructor(
    planned: PlannedSource,
    context: FlowContext,
    stop: AbortController,
    outlet: Pick<Outlet, "one">,
    breath: Breath,
  ) {
    this.planned = planned;
    this.#context = context;
    this.#stop = stop;
    this.#outlet = outlet;
    this.#breath = breath;
  }

  /** The source has been asked for an item, and nothing beyond it holds it up. */
  get isAsked(): boolean {
    return this.#isRunning && !this.#isBlocked;
  }

  /**
   * Draws until the source ends or is stopped.
   *
   * @throws What the source throws, unless it was stopped before.
   */
  async run(): Promise<void> {
    this.#isRunning = true;
    try {
      const items = this.planned.part.start(this.#context);
      if (this.#isStopped) return;
      if (isAsyncIterable(items)) {
        const steps = items[Symbol.asyncIterator]();
        this.#steps = steps;
        await this.#draw(steps);
      } else {
        const steps = items[Symbol.iterator]();
        this.#steps = steps;
        await this.#drawAtOnce(steps);
      }
    } catch (thrown) {
      if (!this.#isStopped) throw thrown;
    } finally {
      this.#isRunning = false;
    }
  }

  /** Asks for nothing more. Idempotent. */
  stop(reason: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stop.abort(reason);
    this.#end();
  }

  async #draw(steps: AsyncIterator<unknown>): Promise<void> {
    while (!this.#isStopped) {
      const step = await steps.next();
      if (step.done) return;
      const room = this.#outlet.one(step.value);
      if (room !== undefined) await this.#wait(room);
      const turn = this.#breath.count();
      if (turn !== undefined) await turn;
    }
  }

  /** The same without a Promise for each item. */
  async #drawAtOnce(steps: Iterator<unknown>): Promise<void> {
    for (let step = steps.next(); !step.done; step = steps.next()) {
      const room = this.#outlet.one(step.value);
      if (room !== undefined) await this.#wait(room);
      const turn = this.#breath.count();
      if (turn !== undefined) await turn;
      if (this.#isStopped) return;
    }
  }

  async #wait(room: Promise<void>): Promise<void> {
    this.#isBlocked = true;
    await room;
    this.#isBlocked = false;
  }

  /** Lets the source's own `finally` run; a generator that waits does so only when that is over. */
  #end(): void {
    try {
      const ended = this.#steps?.return?.();
      if (ended !== undefined && isThenable(ended)) ended.then(undefined, () => {});
    } catch {
      // It was told to stop: how it does so is its own affair. A generator that runs at this moment throws, too.
    }
  }
}

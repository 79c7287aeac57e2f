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
  readonly #outlet: Outlet;
  readonly #breath: Breath;
  #isRunning = false;
  #isBlocked = false;
  #steps: Steps | undefined;

  constructor(
    planned: PlannedSource,
    context: FlowContext,
    stop: AbortController,
    outlet: Outlet,
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
      this.#steps = isAsyncIterable(items) ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
      await this.#draw(this.#steps);
    } catch (thrown) {
      if (!this.#stop.signal.aborted) throw thrown;
    } finally {
      this.#isRunning = false;
    }
  }

  /** Asks for nothing more. Idempotent. */
  stop(reason: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(reason);
    this.#end();
  }

  async #draw(steps: Steps): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const step = steps.next();
      const next = isThenable(step) ? await step : step;
      if (next.done) return;
      const room = this.#outlet.one(next.value);
      if (room !== undefined) {
        this.#isBlocked = true;
        await room;
        this.#isBlocked = false;
      }
      if (this.#breath.isDue) await this.#breath.take();
    }
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

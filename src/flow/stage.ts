import { CircuitError } from "../core/error.js";
import { isThenable, Outlet, type OutletHost, type Target } from "./outlet.js";
import type { PlannedConnection, PlannedProcessor } from "./plan.js";
import type { RunnableProcessor } from "./processor.js";
import type { FlowContext } from "./source.js";
import type { PartTally } from "./tally.js";

/** What an observer's handler may take, too. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** What a stage asks of the life that it is part of. */
export interface StageHost {
  readonly isOver: boolean;
  wait<Value>(work: PromiseLike<Value>, limitMs: number, late: () => unknown): Promise<Value>;
  /** The part has failed with an item. */
  fail(stage: Stage, item: unknown, cause: unknown): void;
  /** An item, or a batch of so many, is given up with which nothing was wrong. */
  abandon(name: string, item: unknown, weight: number): void;
}

/** An item that is handled, where that takes more than a call. */
interface Job {
  readonly item: unknown;
  /** Items that it is: several where it is a batch. */
  readonly weight: number;
  readonly startMs: number;
}

/** A processor in one life of its pipeline. Everything that comes to it is counted as something in the end. */
export class Stage implements OutletHost {
  readonly name: string;
  readonly part: RunnableProcessor;
  readonly tally: PartTally;
  /** It has failed: whatever comes to it in this life is given up. */
  isDead = false;
  readonly #host: StageHost;
  #context: FlowContext;
  readonly #handle: RunnableProcessor["handler"];
  readonly #timeoutMs: number;
  readonly #jobs = new Set<Job>();
  #outlet: Outlet;

  constructor({ name, part }: PlannedProcessor, tally: PartTally, context: FlowContext, host: StageHost) {
    this.name = name;
    this.part = part;
    this.#handle = part.handler;
    this.tally = tally;
    this.#context = context;
    this.#host = host;
    this.#timeoutMs = part.options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#outlet = new Outlet([], () => this.#nowhere, tally, this);
  }

  /** Connects it: before the first item, and after all stages are made, as there may be cycles. */
  connect(connections: readonly PlannedConnection[], open: (connection: PlannedConnection) => Target): void {
    this.#outlet = new Outlet(connections, open, this.tally, this);
  }

  get isOver(): boolean {
    return this.#host.isOver;
  }

  get context(): FlowContext {
    return this.#context;
  }

  /** What later items see. */
  set context(context: FlowContext) {
    this.#context = context;
  }

  wait<Value>(work: PromiseLike<Value>): Promise<Value> {
    return this.#host.wait(work, this.#timeoutMs, this.#late);
  }

  /**
   * Handles an item that was counted as one that came, and emits what comes of it.
   *
   * @returns A Promise where that takes more than a call; it never rejects.
   */
  process(item: unknown, weight: number): Promise<void> | undefined {
    const { tally } = this;
    if (this.isDead || this.#host.isOver) {
      this.abandon(item, weight);
      return undefined;
    }
    const startMs = tally.handled >= tally.timedAt ? this.#context.clock.now() : -1;
    try {
      const result = this.#handle(item, this.#context);
      const rest = result === undefined ? undefined : this.#outlet.give(result);
      if (rest !== undefined) return this.#follow(rest, { item, weight, startMs });
    } catch (thrown) {
      this.#fail(item, weight, thrown);
      return undefined;
    }
    tally.handled += weight;
    if (startMs >= 0) tally.timed(startMs, this.#context.clock.now());
    return undefined;
  }

  /** The same, but nothing is emitted before what was begun earlier has ended. An async generator begins then. */
  processAfter(before: Promise<void>, item: unknown, weight: number): Promise<void> | undefined {
    if (this.isDead || this.#host.isOver) {
      this.abandon(item, weight);
      return undefined;
    }
    const { handled, timedAt } = this.tally;
    const startMs = handled >= timedAt ? this.#context.clock.now() : -1;
    try {
      const result = this.#handle(item, this.#context);
      return this.#follow(this.#giveAfter(before, result), { item, weight, startMs });
    } catch (thrown) {
      this.#fail(item, weight, thrown);
      return undefined;
    }
  }

  /** Gives up an item that was counted as one that came. */
  abandon(item: unknown, weight: number): void {
    this.tally.abandoned += weight;
    this.#host.abandon(this.name, item, weight);
  }

  /** Gives up what is handled now. */
  abandonJobs(): void {
    for (const { item, weight } of this.#jobs) {
      this.tally.running -= weight;
      this.abandon(item, weight);
    }
    this.#jobs.clear();
  }

  async #giveAfter(before: Promise<void>, result: unknown): Promise<void> {
    let value: unknown;
    const isLater = typeof result === "object" && result !== null && isThenable(result);
    try {
      value = isLater ? await this.wait(result) : result;
    } finally {
      // Also where it has failed: what comes after it waits for this one only.
      await before;
    }
    if (!this.#host.isOver) await this.#outlet.give(value);
  }

  #follow(rest: Promise<void>, job: Job): Promise<void> {
    this.#jobs.add(job);
    this.tally.running += job.weight;
    return rest.then(
      () => {
        if (!this.#end(job)) return;
        this.tally.handled += job.weight;
        if (job.startMs >= 0) this.tally.timed(job.startMs, this.#context.clock.now());
      },
      (thrown: unknown) => {
        if (this.#end(job)) this.#fail(job.item, job.weight, thrown);
      },
    );
  }

  /** Whether it had not been given up. */
  #end(job: Job): boolean {
    const isOwn = this.#jobs.delete(job);
    if (isOwn) this.tally.running -= job.weight;
    return isOwn;
  }

  #fail(item: unknown, weight: number, cause: unknown): void {
    this.tally.failed += weight;
    this.#host.fail(this, item, cause);
  }

  readonly #late = (): CircuitError =>
    new CircuitError(
      "TIMEOUT",
      `Cannot wait for ${this.name}: it has taken ${this.#timeoutMs} ms, all it may`,
      {
        hint: "Do less in it, or allow more with timeoutMs.",
      },
    );

  readonly #nowhere: Target = { push: () => undefined };
}

/** The way to a stage without a queue: the item is handled at once. */
export class DirectTarget implements Target {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  push(item: NonNullable<unknown> | null): Promise<void> | undefined {
    this.#stage.tally.in++;
    return this.#stage.process(item, 1);
  }
}

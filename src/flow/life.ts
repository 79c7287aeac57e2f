import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { Breath } from "./breath.js";
import type { GivenUp, PartFailure } from "./failure.js";
import { Feed } from "./feed.js";
import { Outlet, type Target } from "./outlet.js";
import type { ErrorPolicy, Part } from "./part.js";
import { Patience } from "./patience.js";
import type { Plan, PlannedConnection, Protocol } from "./plan.js";
import { Pump } from "./pump.js";
import type { FlowContext } from "./source.js";
import { DirectTarget, Stage } from "./stage.js";
import type { Tallies } from "./tally.js";

/** How a life of a pipeline ended. */
export interface LifeEnd {
  readonly how: "finished" | "stopped" | "failed";
  /** The first failure that ended it. */
  readonly failure: PartFailure | undefined;
  /** Items that were not drained. */
  readonly abandoned: number;
  /** Names of sources that went on after they were told to stop. */
  readonly hanging: readonly string[];
}

export interface LifeOptions {
  readonly clock: Clock;
  readonly protocol: Protocol;
  readonly onError: ErrorPolicy;
  /** How long it may take to drain, in milliseconds. */
  readonly graceMs: number;
  readonly tallies: Tallies;
  readonly log: (part: string, text: string) => void;
  readonly failed: (failure: PartFailure) => void;
  readonly givenUp: (item: GivenUp) => void;
}

/** A pipeline from its sources' first item to its end. A restarted one is another life, of which nothing is left here. */
export class Life {
  readonly clock: Clock;
  readonly breath: Breath;
  /** Nothing more comes from the sources. */
  isDraining = false;
  /** Nothing goes on any more. */
  isOver = false;
  readonly #options: LifeOptions;
  readonly #patience: Patience;
  readonly #feeds: readonly Feed[];
  readonly #stages: readonly Stage[];
  readonly #pumps: readonly Pump[];
  /** Aborts when nobody waits for processors any more. */
  readonly #ending = new AbortController();
  readonly #opened: { readonly name: string; readonly part: Part }[] = [];
  readonly #drained: Promise<void>;
  #setDrained: () => void = () => {};
  #how: LifeEnd["how"] = "finished";
  #failure: PartFailure | undefined;
  #abandoned = 0;
  /** Sources that have not ended. */
  #feeding = 0;
  #hanging: readonly string[] = [];
  #stopTimer: (() => void) | undefined;

  constructor(plan: Plan, options: LifeOptions) {
    const { clock, tallies, protocol } = options;
    this.clock = clock;
    this.#options = options;
    this.breath = new Breath(clock);
    this.#patience = new Patience(clock);
    this.#drained = new Promise((resolve) => {
      this.#setDrained = resolve;
    });
    const { signal } = this.#ending;
    this.#stages = plan.processors.map(
      (processor) =>
        new Stage(processor, tallies.part(processor.name), this.#contextOf(processor.name, signal), this),
    );
    const stages = new Map(plan.processors.map((processor, index) => [processor, this.#stages[index]]));
    this.#pumps = protocol === "sync" ? [] : this.#stages.map((stage) => new Pump(stage, this));
    const pumps = new Map(this.#pumps.map((pump) => [pump.stage, pump]));
    const opener = (from: string) => (connection: PlannedConnection) => {
      const stage = stages.get(connection.to);
      if (stage === undefined) throw new Error(`${connection.to.name} is not in its own plan`);
      return openTarget(from, connection, stage, pumps.get(stage), tallies);
    };
    for (const [{ name, connections }, stage] of stages) stage?.connect(connections, opener(name));
    this.#feeds = plan.sources.map((source) => {
      const { name, connections } = source;
      const stop = new AbortController();
      const outlet = new Outlet(connections, opener(name), tallies.part(name), {
        isOver: false,
        wait: (work) => Promise.resolve(work),
      });
      return new Feed(source, this.#contextOf(name, stop.signal), stop, outlet, this.breath);
    });
  }

  /** Runs until the sources have ended and everything is handled, it was stopped, or a part has ended it. Never rejects. */
  async run(): Promise<LifeEnd> {
    await this.#open();
    if (!this.isDraining) for (const feed of this.#feeds) void this.#feed(feed);
    this.idle();
    await this.#drained;
    await this.#close();
    return {
      how: this.#how,
      failure: this.#failure,
      abandoned: this.#abandoned,
      hanging: this.#hanging,
    };
  }

  /** Asks the sources for nothing more, and drains within the grace time. Idempotent. */
  stop(): void {
    this.#end("stopped");
  }

  wait<Value>(work: PromiseLike<Value>, limitMs: number, late: () => unknown): Promise<Value> {
    return this.#patience.wait(work, limitMs, late);
  }

  fail(stage: Stage, item: unknown, cause: unknown): void {
    this.#options.givenUp({ part: stage.name, item, cause });
    const policy = stage.part.options.onError ?? this.#options.onError;
    if (policy !== "skip") {
      stage.isDead = true;
      this.#pumps.find((pump) => pump.stage === stage)?.abandon();
    }
    this.#failed({ part: stage.name, cause, item, policy });
  }

  abandon(name: string, item: unknown, weight: number): void {
    this.#abandoned += weight;
    this.#options.givenUp({ part: name, item, cause: undefined });
  }

  /** Looks whether all is done. */
  idle(): void {
    if (this.isOver || this.#feeding > 0) return;
    if (!this.isDraining) this.#drain();
    if (this.#pumps.every(({ isIdle }) => isIdle)) this.#over();
  }

  #contextOf(name: string, signal: AbortSignal): FlowContext {
    return { clock: this.clock, signal, name, log: (text) => this.#options.log(name, text) };
  }

  async #open(): Promise<void> {
    const { signal } = this.#ending;
    const parts = [
      ...this.#stages.map(({ name, part, context }) => ({ name, part, context })).reverse(),
      ...this.#feeds.map(({ planned: { name, part } }) => ({
        name,
        part,
        context: this.#contextOf(name, signal),
      })),
    ];
    for (const { name, part, context } of parts) {
      if (this.isDraining) return;
      try {
        this.#opened.push({ name, part });
        const opening = part.open(context);
        if (opening !== undefined)
          await this.wait(opening, this.#options.graceMs, () => this.#late(name, "open"));
      } catch (cause) {
        if (this.isOver) return;
        // There is no item to skip: without the part the pipeline is none.
        const policy = part.options.onError ?? this.#options.onError;
        this.#failed({ part: name, cause, item: undefined, policy: policy === "skip" ? "restart" : policy });
      }
    }
  }

  async #feed(feed: Feed): Promise<void> {
    const { name, part } = feed.planned;
    this.#feeding++;
    try {
      await feed.run();
    } catch (cause) {
      const policy = part.options.onError ?? this.#options.onError;
      this.#failed({ part: name, cause, item: undefined, policy });
    }
    this.#feeding--;
    this.idle();
  }

  #failed(failure: PartFailure): void {
    this.#options.failed(failure);
    if (failure.policy === "skip") return;
    this.#failure ??= failure;
    this.#end("failed");
  }

  #end(how: LifeEnd["how"]): void {
    if (this.#how === "finished") this.#how = how;
    if (this.#stopTimer !== undefined || this.isOver) return;
    this.#stopTimer = this.clock.after(this.#options.graceMs, () => this.#over());
    const reason = new CircuitError("NOT_RUN", "Cannot yield more: the pipeline stops");
    for (const feed of this.#feeds) feed.stop(reason);
    this.#drain();
    this.idle();
  }

  #drain(): void {
    this.isDraining = true;
    for (const pump of this.#pumps) pump.wake();
  }

  /** Gives up what is not handled yet. */
  #over(): void {
    this.isOver = true;
    this.#stopTimer?.();
    this.#hanging = this.#feeds.filter(({ isAsked }) => isAsked).map(({ planned: { name } }) => name);
    for (const stage of this.#stages) stage.abandonJobs();
    for (const pump of this.#pumps) pump.abandon();
    const reason = new CircuitError("NOT_RUN", "Cannot finish what was begun: the pipeline has ended");
    this.#patience.end(reason);
    this.#ending.abort(reason);
    this.#setDrained();
  }

  /** Closes what was opened, whatever some of it throws. */
  async #close(): Promise<void> {
    const patience = new Patience(this.clock);
    for (const { name, part } of this.#opened.reverse()) {
      try {
        const closing = part.close();
        if (closing !== undefined)
          await patience.wait(closing, this.#options.graceMs, () => this.#late(name, "close"));
      } catch (cause) {
        this.#options.failed({ part: name, cause, item: undefined, policy: "skip" });
      }
    }
  }

  #late(name: string, what: string): CircuitError {
    return new CircuitError("TIMEOUT", `Cannot ${what} ${name}: it has taken ${this.#options.graceMs} ms`, {
      hint: "Look at what it waits for, or allow more with graceMs.",
    });
  }
}

function openTarget(
  from: string,
  { output, to, options }: PlannedConnection,
  stage: Stage,
  pump: Pump | undefined,
  tallies: Tallies,
): Target {
  return pump?.open(options, tallies.connection(from, output, to.name)) ?? new DirectTarget(stage);
}

import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { Breath } from "./breath.js";
import type { DurableOptions } from "./cluster/durable-options.js";
import { DurableWiring } from "./cluster/durable-wiring.js";
import { isDurable } from "./cluster/is-durable.js";
import type { GivenUp, PartFailure } from "./failure.js";
import type { ErrorPolicy, Part } from "./part.js";
import { Patience } from "./patience.js";
import type { Plan, Protocol } from "./plan.js";
import type { FlowContext } from "./source.js";
import type { Stage } from "./stage.js";
import type { Tallies } from "./tally.js";
import { InProcessWiring, type Opening, type RunningFeed, type Wiring } from "./wiring.js";

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
  /** What durable connections and singleton sources need; a plan that has any is run with it only. */
  readonly durable?: DurableOptions | undefined;
  readonly log: (part: string, text: string) => void;
  readonly failed: (failure: PartFailure) => void;
  readonly givenUp: (item: GivenUp) => void;
}

/** A pipeline from its sources' first item to its end. A restarted one is another life, of which nothing is left here. */
export class Life {
  readonly clock: Clock;
  readonly breath: Breath;
  readonly endSignal: AbortSignal;
  /** Nothing more comes from the sources. */
  isDraining = false;
  /** Nothing goes on any more. */
  isOver = false;
  readonly #options: LifeOptions;
  readonly #patience: Patience;
  readonly #wiring: Wiring;
  /** Aborts when nobody waits for processors any more. */
  readonly #ending = new AbortController();
  readonly #opened: Opening[] = [];
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
    this.endSignal = this.#ending.signal;
    this.#patience = new Patience(clock);
    this.#drained = new Promise((resolve) => {
      this.#setDrained = resolve;
    });
    const { durable, graceMs } = options;
    this.#wiring =
      durable !== undefined && isDurable(plan)
        ? new DurableWiring(plan, this, { ...durable, tallies, graceMs })
        : new InProcessWiring(plan, this, { protocol, tallies, durable });
  }

  /** Runs until the sources have ended and everything is handled, it was stopped, or a part has ended it. Never rejects. */
  async run(): Promise<LifeEnd> {
    await this.#open();
    if (!this.isDraining) for (const feed of this.#wiring.feeds) void this.#feed(feed);
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
    this.lose({ part: stage.name, item, cause });
    if (this.policyOf(stage.part) !== "skip") {
      stage.isDead = true;
      this.#wiring.giveUp(stage);
    }
    this.blame(stage.name, stage.part, item, cause);
  }

  /** A part has failed; what it failed with may not be lost for that. */
  blame(name: string, part: Pick<Part, "options">, item: unknown, cause: unknown): void {
    this.#failed({ part: name, cause, item, policy: this.policyOf(part) });
  }

  /** What follows from a failure of a part. */
  policyOf({ options }: Pick<Part, "options">): ErrorPolicy {
    return options.onError ?? this.#options.onError;
  }

  /** An item is lost. */
  lose(lost: GivenUp): void {
    this.#options.givenUp(lost);
  }

  abandon(name: string, item: unknown, weight: number): void {
    this.#abandoned += weight;
    this.#options.givenUp({ part: name, item, cause: undefined });
  }

  /** Looks whether all is done. */
  idle(): void {
    if (this.isOver || this.#feeding > 0) return;
    if (!this.isDraining) {
      // Others may put items on its connections at any time.
      if (this.#wiring.isEndless) return;
      this.#drain();
    }
    if (this.#wiring.isIdle) this.#over();
  }

  contextOf(name: string, signal: AbortSignal): FlowContext {
    return { clock: this.clock, signal, name, log: (text) => this.#options.log(name, text) };
  }

  sourceContextOf(name: string, signal: AbortSignal): FlowContext {
    return { ...this.contextOf(name, signal), counts: this.#options.tallies.part(name) };
  }

  async #open(): Promise<void> {
    const contextOf = (name: string) => this.contextOf(name, this.#ending.signal);
    for (const opening of this.#wiring.opening(contextOf)) {
      const { name, part, context, limitMs = this.#options.graceMs } = opening;
      if (this.isDraining) return;
      try {
        this.#opened.push(opening);
        const opened = part.open(context);
        if (opened !== undefined) await this.wait(opened, limitMs, () => this.#late(name, "open", limitMs));
      } catch (cause) {
        if (this.isOver) return;
        // There is no item to skip: without the part the pipeline is none.
        const policy = this.policyOf(part);
        this.#failed({ part: name, cause, item: undefined, policy: policy === "skip" ? "restart" : policy });
      }
    }
  }

  async #feed(feed: RunningFeed): Promise<void> {
    const { name, part } = feed.planned;
    this.#feeding++;
    try {
      await feed.run();
    } catch (cause) {
      this.blame(name, part, undefined, cause);
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
    for (const feed of this.#wiring.feeds) feed.stop(reason);
    this.#drain();
    this.idle();
  }

  #drain(): void {
    this.isDraining = true;
    this.#wiring.drain();
  }

  /** Gives up what is not handled yet. */
  #over(): void {
    this.isOver = true;
    this.#stopTimer?.();
    this.#hanging = this.#wiring.feeds.filter(({ isAsked }) => isAsked).map(({ planned: { name } }) => name);
    this.#wiring.abandon();
    const reason = new CircuitError("NOT_RUN", "Cannot finish what was begun: the pipeline has ended");
    this.#patience.end(reason);
    this.#ending.abort(reason);
    this.#setDrained();
  }

  /** Closes what was opened, whatever some of it throws. */
  async #close(): Promise<void> {
    const patience = new Patience(this.clock);
    const { graceMs } = this.#options;
    for (const { name, part } of this.#opened.reverse()) {
      try {
        const closing = part.close();
        if (closing !== undefined)
          await patience.wait(closing, graceMs, () => this.#late(name, "close", graceMs));
      } catch (cause) {
        this.#options.failed({ part: name, cause, item: undefined, policy: "skip" });
      }
    }
  }

  #late(name: string, what: string, limitMs: number): CircuitError {
    return new CircuitError("TIMEOUT", `Cannot ${what} ${name}: it has taken ${limitMs} ms`, {
      hint: "Look at what it waits for, or allow more with graceMs.",
    });
  }
}

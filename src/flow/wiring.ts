import type { Breath } from "./breath.js";
import type { DurableOptions } from "./cluster/durable-options.js";
import { GuardedOutlet, lateItem } from "./cluster/guarded-outlet.js";
import { feedOf } from "./cluster/sources.js";
import type { GivenUp } from "./failure.js";
import { Outlet, type Target } from "./outlet.js";
import type { Part } from "./part.js";
import type { Plan, PlannedConnection, PlannedSource, Protocol } from "./plan.js";
import { Pump, type PumpHost } from "./pump.js";
import type { FlowContext } from "./source.js";
import { DirectTarget, Stage, type StageHost } from "./stage.js";
import type { Tallies } from "./tally.js";

/** Draws items out of a source in one life of its pipeline. See `Feed`. */
export interface RunningFeed {
  readonly planned: PlannedSource;
  readonly isAsked: boolean;
  run(): Promise<void>;
  stop(reason: unknown): void;
}

/** What is opened before the first item, and closed after the last. */
export interface Opening {
  readonly name: string;
  readonly part: Pick<Part, "open" | "close" | "options">;
  readonly context: FlowContext;
  /** How long it may take to open, in milliseconds; the pipeline's grace time where nothing is said. */
  readonly limitMs?: number;
}

/** The parts of a plan connected for one life of a pipeline. */
export interface Wiring {
  readonly feeds: readonly RunningFeed[];
  /** Nothing waits, and nothing is handled. */
  readonly isIdle: boolean;
  /** Items may come although all sources have ended. */
  readonly isEndless: boolean;
  /** In the order in which it is opened: who takes before who gives. */
  opening(contextOf: (name: string) => FlowContext): readonly Opening[];
  /** Nothing more comes from the sources. */
  drain(): void;
  /** Gives up what waits for a stage that has failed, and whatever comes to it. */
  giveUp(stage: Stage): void;
  /** Gives up everything. */
  abandon(): void;
}

/** What a wiring asks of the life that it is part of. */
export interface WiringHost extends StageHost, PumpHost {
  readonly breath: Breath;
  contextOf(name: string, signal: AbortSignal): FlowContext;
  sourceContextOf(name: string, signal: AbortSignal): FlowContext;
  /** Aborts when nobody waits for processors any more. */
  readonly endSignal: AbortSignal;
  /** An item is lost. */
  lose(lost: GivenUp): void;
}

export interface InProcessOptions {
  readonly protocol: Protocol;
  readonly tallies: Tallies;
  readonly durable: DurableOptions | undefined;
}

/** All of a pipeline in this process: directly connected, or with an inbox for each processor. */
export class InProcessWiring implements Wiring {
  readonly feeds: readonly RunningFeed[];
  readonly isEndless = false;
  readonly #stages: readonly Stage[];
  readonly #pumps: readonly Pump[];

  constructor(plan: Plan, host: WiringHost, { protocol, tallies, durable }: InProcessOptions) {
    this.#stages = plan.processors.map((processor) => {
      const context = host.contextOf(processor.name, host.endSignal);
      return new Stage(processor, tallies.part(processor.name), context, host);
    });
    const stages = new Map(plan.processors.map((processor, index) => [processor, this.#stages[index]]));
    this.#pumps = protocol === "sync" ? [] : this.#stages.map((stage) => new Pump(stage, host));
    const pumps = new Map(this.#pumps.map((pump) => [pump.stage, pump]));
    const opener = (from: string) => (connection: PlannedConnection) => {
      const stage = stages.get(connection.to);
      if (stage === undefined) throw new Error(`${connection.to.name} is not in its own plan`);
      return openTarget(from, connection, stage, pumps.get(stage), tallies);
    };
    for (const [{ name, connections }, stage] of stages) stage?.connect(connections, opener(name));
    this.feeds = plan.sources.map((source) => {
      const { name, connections } = source;
      return feedOf(source, host, durable, ({ isAllowed }) => {
        const tally = tallies.part(name);
        const outlet = new Outlet(connections, opener(name), tally, NEVER_OVER);
        if (isAllowed === undefined) return outlet;
        return new GuardedOutlet(outlet, isAllowed, (item) => {
          tally.countLate();
          host.lose(lateItem(name, item));
        });
      });
    });
  }

  get isIdle(): boolean {
    return this.#pumps.every(({ isIdle }) => isIdle);
  }

  opening(contextOf: (name: string) => FlowContext): readonly Opening[] {
    return [
      ...this.#stages.map(({ name, part, context }) => ({ name, part, context })).reverse(),
      ...this.feeds.map(({ planned: { name, part } }) => ({ name, part, context: contextOf(name) })),
    ];
  }

  drain(): void {
    for (const pump of this.#pumps) pump.wake();
  }

  giveUp(stage: Stage): void {
    this.#pumps.find((pump) => pump.stage === stage)?.abandon();
  }

  abandon(): void {
    for (const stage of this.#stages) stage.abandonJobs();
    for (const pump of this.#pumps) pump.abandon();
  }
}

/** For the outlet of a source, which its feed stops. */
export const NEVER_OVER = {
  isOver: false,
  wait: <Value>(work: PromiseLike<Value>) => Promise.resolve(work),
};

function openTarget(
  from: string,
  { output, to, options }: PlannedConnection,
  stage: Stage,
  pump: Pump | undefined,
  tallies: Tallies,
): Target {
  return pump?.open(options, tallies.connection(from, output, to.name)) ?? new DirectTarget(stage);
}

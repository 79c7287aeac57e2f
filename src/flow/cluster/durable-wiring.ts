import { DEFAULT_DURABLE_LIMIT } from "../connection.js";
import type { Plan, PlannedConnection, PlannedProcessor, PlannedSource } from "../plan.js";
import type { FlowContext } from "../source.js";
import type { Tallies } from "../tally.js";
import type { Opening, RunningFeed, Wiring } from "../wiring.js";
import { noQueues } from "./check-kept.js";
import { hashOf } from "./delivery.js";
import type { DurableOptions } from "./durable-options.js";
import type { DurableQueue, QueuePlace } from "./durable-queue.js";
import { Gate } from "./gate.js";
import { Intake } from "./intake.js";
import type { Lane, LaneHost, LaneOptions } from "./lane.js";
import { Outgoing } from "./outgoing.js";
import { SourceLane } from "./source-lane.js";
import { feedOf } from "./sources.js";

export interface DurableWiringOptions extends DurableOptions {
  readonly tallies: Tallies;
  /** How long it may take to drain, in milliseconds. */
  readonly graceMs: number;
}

/** Storage that is away is waited for, in milliseconds: it is nobody's failure here. */
const AWAY_MS = 86_400_000;

/** A durable connection in this process. */
interface Way {
  readonly queue: DurableQueue;
  readonly to: PlannedProcessor;
  readonly outgoing: Outgoing;
  readonly intake: Intake;
}

/**
 * A pipeline with durable connections: items are handled one by one from one to the next, directly. Whatever the protocol
 * is, nothing waits anywhere but in queues.
 */
export class DurableWiring implements Wiring {
  readonly feeds: readonly RunningFeed[];
  readonly isEndless = true;
  readonly #host: LaneHost;
  readonly #options: DurableWiringOptions;
  readonly #lanes: LaneOptions;
  readonly #ways = new Map<PlannedConnection, Way>();
  readonly #gates = new Map<PlannedProcessor, Gate>();
  /** Of each source that of its last run. */
  readonly #sourceLanes = new Map<PlannedSource, SourceLane>();
  readonly #processors: readonly PlannedProcessor[];

  constructor(plan: Plan, host: LaneHost, options: DurableWiringOptions) {
    const { tallies, flow, manager } = options;
    this.#host = host;
    this.#options = options;
    this.#processors = plan.processors;
    for (const processor of plan.processors) {
      const gate = new Gate(processor.part.options.parallel ?? 1);
      this.#gates.set(processor, gate);
      tallies.part(processor.name).countWaiting = () => gate.waiting;
    }
    this.#lanes = {
      ...{ host, tallies },
      gateOf: (processor) => found(this.#gates.get(processor)),
      wayOut: (connection) => found(this.#ways.get(connection)).outgoing,
    };
    for (const part of [...plan.sources, ...plan.processors])
      for (const connection of part.connections)
        if (connection.options.durable) this.#ways.set(connection, this.#way(part.name, connection));
    this.feeds = plan.sources.map((planned) =>
      feedOf(planned, host, options, (run) => {
        const lane = new SourceLane({ planned, run, flow, manager, lanes: this.#lanes });
        this.#sourceLanes.set(planned, lane);
        return lane;
      }),
    );
  }

  get isIdle(): boolean {
    return [...this.#ways.values()].every(({ intake, outgoing }) => intake.isIdle && outgoing.isIdle);
  }

  opening(contextOf: (name: string) => FlowContext): readonly Opening[] {
    const ways = [...this.#ways.values()];
    const opening = (name: string, part: Opening["part"]) => ({ name, part, context: contextOf(name) });
    return [
      ...ways.map(({ to, queue }) => ({
        ...opening(to.name, {
          options: to.part.options,
          open: () => queue.open(),
          close: () => queue.close(),
        }),
        limitMs: AWAY_MS,
      })),
      ...this.#processors.toReversed().map(({ name, part }) => opening(name, part)),
      ...this.feeds.map(({ planned: { name, part } }) => opening(name, part)),
      ...ways.map(({ to, intake }) => ({
        ...opening(to.name, {
          options: to.part.options,
          open: () => intake.start(),
          close: () => intake.stop(0),
        }),
        limitMs: AWAY_MS,
      })),
    ];
  }

  drain(): void {
    for (const { intake } of this.#ways.values()) void intake.stop(this.#options.graceMs);
  }

  /** What comes to it is handed back, as the pipeline ends. */
  giveUp(): void {}

  abandon(): void {
    for (const lane of this.#allLanes()) for (const stage of lane.stages) stage.abandonJobs();
    for (const { intake } of this.#ways.values()) void intake.stop(0);
  }

  *#allLanes(): Generator<Lane> {
    for (const { intake } of this.#ways.values()) yield* intake.lanes;
    for (const { lane } of this.#sourceLanes.values()) yield lane;
  }

  #way(from: string, connection: PlannedConnection): Way {
    const { flow, manager, queues, tallies, fence } = this.#options;
    const { output, to, options } = connection;
    if (queues === undefined) throw noQueues(manager, from, to.name);
    const place: QueuePlace = { flow, manager, from, output, to: to.name };
    const queue = queues.queue(place);
    const limit = options.limit ?? Math.max(DEFAULT_DURABLE_LIMIT, options.batch?.count ?? 1);
    const tally = tallies.connection(from, output, to.name);
    const outgoing = new Outgoing(queue, markOf(place), limit, {
      idle: () => this.#host.idle(),
      drop: () => tallies.countRefused(tally),
    });
    const intake = new Intake({
      ...{ queue, to, limit, fence, lanes: this.#lanes, batch: options.batch, tally },
      foreign: { flow, manager, source: "", tick: 0, revision: 0, sequence: undefined },
    });
    return { queue, to, outgoing, intake };
  }
}

/** Tells the connections of a pipeline apart in the names of items. */
function markOf({ from, output, to }: QueuePlace): string {
  return hashOf(JSON.stringify([from, output, to])).slice(0, 6);
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("A plan has what is not in it");
  return value;
}

import type { Target } from "../outlet.js";
import type { ErrorPolicy, Part } from "../part.js";
import type { PlannedConnection, PlannedProcessor } from "../plan.js";
import { Stage, type StageHost } from "../stage.js";
import type { Tallies } from "../tally.js";
import type { WiringHost } from "../wiring.js";
import { type ItemDelivery, keyBelow } from "./delivery.js";
import type { NewItem, Origin, Outcome } from "./durable-queue.js";
import type { Gate } from "./gate.js";
import { LaneContext } from "./lane-context.js";

/** What goes through a lane now. */
export interface Cargo {
  /** What is made of it is named after it. */
  readonly key: string;
  readonly origin: Origin;
  /** How it came from a durable connection; none where it comes from a source. */
  readonly deliveries: readonly ItemDelivery[];
  /** Whether what is made of it may still be sent; `undefined` where it always may. */
  readonly isAllowed?: (() => boolean) | undefined;
}

/** What lanes ask of the life that they are part of. */
export interface LaneHost extends WiringHost {
  /** A part has failed; what it failed with may not be lost for that. */
  blame(name: string, part: Pick<Part, "options">, item: unknown, cause: unknown): void;
  /** What follows from a failure of a part. */
  policyOf(part: Pick<Part, "options">): ErrorPolicy;
}

/** A durable connection as those see it who put items there. */
export interface WayOut {
  /** In the names of what is put there. */
  readonly mark: string;
  /**
   * Hands an item over.
   *
   * @param settled Told when it is stored, or why it cannot be.
   * @returns A Promise where the next one is to wait.
   */
  put(item: NewItem, settled: (problem?: { readonly cause: unknown }) => void): Promise<void> | undefined;
  /** Counts an item that could not be put there, and does not come again. */
  drop(): void;
}

/** What was made of a cargo, and is on its way into queues. */
interface Ledger {
  storing: number;
  problem: { readonly cause: unknown } | undefined;
  /** Something was given up because the pipeline has ended. */
  isCut: boolean;
  /** Told when nothing is on its way any more, once the lane is through with the cargo. */
  done: (() => void) | undefined;
}

/** What all lanes of a life share. */
export interface LaneOptions {
  readonly host: LaneHost;
  readonly tallies: Tallies;
  readonly gateOf: (processor: PlannedProcessor) => Gate;
  readonly wayOut: (connection: PlannedConnection) => WayOut;
}

/**
 * Processors that no durable connection separates, for one item at a time: so that what fails, and what is stored, is known
 * to be of this item. Many items go through as many lanes; a processor's gate says how many it takes.
 */
export class Lane implements StageHost {
  readonly #options: LaneOptions;
  readonly #stages = new Map<PlannedProcessor, LaneStage>();
  cargo: Cargo | undefined;
  #failure: { readonly cause: unknown; readonly policy: ErrorPolicy } | undefined;
  #made = 0;
  #ledger: Ledger = emptyLedger();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#options.host.isOver;
  }

  get stages(): readonly Stage[] {
    return [...this.#stages.values()].map(({ stage }) => stage);
  }

  wait<Value>(work: PromiseLike<Value>, limitMs: number, late: () => unknown): Promise<Value> {
    return this.#options.host.wait(work, limitMs, late);
  }

  fail(stage: Stage, item: unknown, cause: unknown): void {
    const { host } = this.#options;
    for (const laneStage of this.#stages.values()) if (laneStage.stage === stage) laneStage.renew();
    if (!this.#isKept) {
      host.fail(stage, item, cause);
      return;
    }
    this.#failure ??= { cause, policy: host.policyOf(stage.part) };
    host.blame(stage.name, stage.part, item, cause);
  }

  abandon(name: string, item: unknown, weight: number): void {
    this.#ledger.isCut = true;
    if (!this.#isKept) this.#options.host.abandon(name, item, weight);
  }

  begin(cargo: Cargo): void {
    this.cargo = cargo;
    this.#failure = undefined;
    this.#made = 0;
    this.#ledger = emptyLedger();
    for (const { context } of this.#stages.values()) context.count = -1;
  }

  /** The processors are through with the cargo: `done` is told what becomes of it when all that they made of it is stored. */
  settle(done: (outcome: Outcome) => void): void {
    const failure = this.#failure;
    const ledger = this.#ledger;
    // Also where something has failed: what is handed out again is to find what it made before.
    this.stored(() => {
      if (failure !== undefined)
        done(failure.policy === "skip" ? { giveUp: failure.cause } : { retry: failure.cause });
      else if (ledger.isCut) done("handed back");
      else if (ledger.problem === undefined) done("handled");
      else done(this.isOver ? "handed back" : { retry: ledger.problem.cause });
    });
  }

  /** Tells when what was made of the cargo is stored, or cannot be: whether all of it is. */
  stored(done: (isStored: boolean) => void): void {
    const ledger = this.#ledger;
    const tell = () => done(ledger.problem === undefined && !ledger.isCut);
    if (ledger.storing === 0) tell();
    else ledger.done = tell;
  }

  /** The way on from a part of this lane. */
  open(name: string, part: Part, connection: PlannedConnection): Target {
    if (!connection.options.durable) return this.stageOf(connection.to);
    const way = this.#options.wayOut(connection);
    return {
      push: (item) => {
        const { isAllowed } = this.cargo ?? {};
        return this.#put(way, { name, part, item, isKept: this.#isKept, isAllowed });
      },
    };
  }

  stageOf(processor: PlannedProcessor): LaneStage {
    const known = this.#stages.get(processor);
    if (known !== undefined) return known;
    const { host, tallies, gateOf } = this.#options;
    const { name, part, connections } = processor;
    const context = new LaneContext(host.contextOf(name, host.endSignal), this);
    const stage = new Stage(processor, tallies.part(name), context, this);
    const made = new LaneStage(stage, context, gateOf(processor));
    this.#stages.set(processor, made);
    stage.connect(connections, (connection) => this.open(name, part, connection));
    return made;
  }

  get #isKept(): boolean {
    return (this.cargo?.deliveries.length ?? 0) > 0;
  }

  #name({ mark }: WayOut, data: unknown): NewItem {
    if (this.cargo === undefined) throw new Error("A lane has no cargo");
    const { key, origin, isAllowed } = this.cargo;
    return { id: keyBelow(key, `${mark}.${this.#made++}`), data, origin, isAllowed };
  }

  #put(way: WayOut, put: Put): Promise<void> | undefined {
    const ledger = this.#ledger;
    const room = way.put(this.#name(way, put.item), (problem) => {
      ledger.storing--;
      if (problem !== undefined) this.#unstored(ledger, way, put, problem);
      if (ledger.storing === 0) ledger.done?.();
    });
    ledger.storing++;
    return room;
  }

  #unstored(
    ledger: Ledger,
    way: WayOut,
    { name, part, item, isKept, isAllowed }: Put,
    problem: { readonly cause: unknown },
  ): void {
    const { host } = this.#options;
    ledger.problem ??= problem;
    if (!isKept) {
      way.drop();
      host.lose({ part: name, item, cause: problem.cause });
    }
    if (!host.isOver && isAllowed?.() !== false) host.blame(name, part, item, problem.cause);
  }
}

/** An item on its way into a queue, and who has made it. */
interface Put {
  readonly name: string;
  readonly part: Part;
  readonly item: unknown;
  /** It was made of what is handed out again. */
  readonly isKept: boolean;
  readonly isAllowed: (() => boolean) | undefined;
}

function emptyLedger(): Ledger {
  return { storing: 0, problem: undefined, isCut: false, done: undefined };
}

/** A processor in a lane. */
export class LaneStage implements Target {
  readonly stage: Stage;
  context: LaneContext;
  readonly #gate: Gate;

  constructor(stage: Stage, context: LaneContext, gate: Gate) {
    this.stage = stage;
    this.context = context;
    this.#gate = gate;
  }

  push(item: NonNullable<unknown> | null): Promise<void> | undefined {
    return this.take(item, 1);
  }

  /** What has failed because it takes too long may go on: what it sees stays that of its own item. */
  renew(): void {
    this.context = this.context.leave();
    this.stage.context = this.context;
  }

  take(item: unknown, weight: number): Promise<void> | undefined {
    this.stage.tally.in += weight;
    this.context.count++;
    return this.#gate.pass(this.stage, item, weight);
  }
}

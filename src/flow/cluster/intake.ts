import { Queue } from "../../core/queue.js";
import type { Batching } from "../connection.js";
import type { PlannedProcessor } from "../plan.js";
import type { ConnectionTally } from "../tally.js";
import type { ItemDelivery } from "./delivery.js";
import type { DurableQueue, Origin, Outcome, TakenItem, Taking } from "./durable-queue.js";
import type { Fence } from "./fence.js";
import { type Cargo, Lane, type LaneOptions } from "./lane.js";

/** An item that was handed out, and whoever waits for its outcome. */
class Held {
  readonly item: TakenItem;
  outcome: Outcome | undefined;
  #tell: ((outcome: Outcome) => void) | undefined;

  constructor(item: TakenItem) {
    this.item = item;
  }

  settle(outcome: Outcome): void {
    this.outcome = outcome;
    this.#tell?.(outcome);
  }

  later(): Promise<Outcome> {
    return new Promise((resolve) => (this.#tell = resolve));
  }
}

export interface IntakeOptions {
  readonly queue: DurableQueue;
  readonly to: PlannedProcessor;
  readonly tally: ConnectionTally;
  readonly limit: number;
  readonly batch: Batching | undefined;
  readonly fence: Fence;
  readonly lanes: LaneOptions;
  /** Where items that somebody else has put there are said to begin. */
  readonly foreign: Origin;
}

/** Takes items out of a queue into a processor and what follows it, and says what became of each. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #waiting = new Queue<Held>();
  readonly #lanes: Lane[] = [];
  readonly #free: Lane[] = [];
  readonly #parallel: number;
  #taking: Promise<Taking> | undefined;
  #isStopped = false;
  /** Items without an outcome. */
  #held = 0;
  #isDue = false;
  #stopTimer: (() => void) | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#parallel = options.to.part.options.parallel ?? 1;
  }

  get isIdle(): boolean {
    return this.#held === 0;
  }

  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  /** Begins to take. */
  async start(): Promise<void> {
    const { queue, limit, to, lanes } = this.#options;
    const { host } = lanes;
    if (this.#isStopped) return;
    const taking = {
      limit,
      onError: (error: unknown) => host.blame(to.name, GOING_ON, undefined, error),
      onDead: ({ data }: TakenItem, cause: unknown) => host.lose({ part: to.name, item: data, cause }),
    };
    // Known before the first item comes, which may be one that stops all of this.
    this.#taking = Promise.resolve().then(() => queue.take((item) => this.#handle(item), taking));
    await this.#taking;
  }

  /** Takes nothing more, and hands back what was not begun. Resolves when the rest has an outcome, or the grace is over. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#stopTimer?.();
    const taking = await this.#taking?.catch(() => undefined);
    // First, so that what is handed back goes to others at once.
    const drained = taking?.drain(graceMs);
    for (const held of this.#waiting.drain()) this.#settle(held, "handed back");
    await drained;
  }

  #handle(item: TakenItem): Outcome | Promise<Outcome> {
    const origin = freshOriginOf(item);
    const ready = origin && this.#options.fence.ready(origin);
    return ready === undefined ? this.#admit(item) : ready.then(() => this.#admit(item));
  }

  #admit(item: TakenItem): Outcome | Promise<Outcome> {
    if (this.#isStopped) return "handed back";
    const origin = freshOriginOf(item);
    const refusal = origin && this.#options.fence.find(origin, item.storedAtMs);
    if (refusal !== undefined) return this.#refuse(item, refusal);
    const held = new Held(item);
    this.#held++;
    this.#waiting.push(held);
    this.#next();
    return held.outcome ?? held.later();
  }

  #settle(held: Held, outcome: Outcome): void {
    this.#held--;
    held.settle(outcome);
    if (this.#held === 0) this.#options.lanes.host.idle();
  }

  #refuse({ data }: TakenItem, cause: unknown): Outcome {
    const { to, tally, lanes } = this.#options;
    lanes.tallies.countRefused(tally);
    lanes.host.blame(to.name, GOING_ON, data, cause);
    return { giveUp: cause };
  }

  #next(): void {
    while (!this.#isStopped && this.#waiting.length > 0) {
      const lane = this.#free.pop() ?? this.#newLane();
      if (lane === undefined) return;
      const taken = this.#take();
      if (taken.length === 0) {
        this.#free.push(lane);
        return;
      }
      this.#run(lane, taken);
    }
  }

  #newLane(): Lane | undefined {
    if (this.#lanes.length >= this.#parallel) return undefined;
    const lane = new Lane(this.#options.lanes);
    this.#lanes.push(lane);
    return lane;
  }

  #take(): readonly Held[] {
    const { batch } = this.#options;
    if (batch !== undefined && this.#waiting.length < batch.count && !this.#isDue) {
      this.#startTimer(batch);
      return [];
    }
    this.#isDue = false;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const taken: Held[] = [];
    while (taken.length < (batch?.count ?? 1)) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) break;
      taken.push(waiting);
    }
    return taken;
  }

  #startTimer({ withinMs }: Batching): void {
    if (withinMs === undefined || this.#stopTimer !== undefined) return;
    this.#stopTimer = this.#options.lanes.host.clock.after(withinMs, () => {
      this.#isDue = true;
      this.#next();
    });
  }

  #run(lane: Lane, taken: readonly Held[]): void {
    const { to, batch, foreign } = this.#options;
    lane.begin(cargoOf(taken, foreign));
    const item = batch === undefined ? taken[0]?.item.data : taken.map(({ item: { data } }) => data);
    const rest = lane.stageOf(to).take(item, taken.length);
    if (rest === undefined) this.#ran(lane, taken);
    else void rest.then(() => this.#ran(lane, taken, true));
  }

  #ran(lane: Lane, taken: readonly Held[], isLater = false): void {
    lane.settle((outcome) => {
      for (const held of taken) this.#settle(held, outcome);
    });
    this.#free.push(lane);
    if (isLater) this.#next();
  }
}

/** What is refused ends nothing, as its source has been replaced already; nor does a queue that is away, and comes back. */
const GOING_ON = { options: { onError: "skip" } } as const;

function cargoOf(taken: readonly Held[], foreign: Origin): Cargo {
  const deliveries = taken.map(({ item }): ItemDelivery => {
    const { id, sequence, deliveryCount, origin } = item;
    return { key: id, sequence, deliveryCount, origin };
  });
  const [first] = taken;
  if (first === undefined) throw new Error("A batch is empty");
  const { id, origin = foreign } = first.item;
  const key = taken.length === 1 ? id : `${id}+${taken.length - 1}`;
  return { key, origin: { ...origin, sequence: sequenceOf(first.item) }, deliveries };
}

/** Where an item began that comes from its source: what has come through one queue was in time. */
function freshOriginOf({ origin }: TakenItem): Origin | undefined {
  return origin?.sequence === undefined ? origin : undefined;
}

/** The number in the first queue that it came to. */
function sequenceOf({ origin, sequence }: TakenItem): number {
  return origin?.sequence ?? sequence;
}

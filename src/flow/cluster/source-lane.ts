import { Outlet } from "../outlet.js";
import type { PlannedSource } from "../plan.js";
import { NEVER_OVER } from "../wiring.js";
import { lateItem } from "./guarded-outlet.js";
import { Lane, type LaneOptions } from "./lane.js";
import type { RunOutlet, SourceRun } from "./sources.js";

export interface SourceLaneOptions {
  readonly planned: PlannedSource;
  readonly run: SourceRun;
  readonly flow: string;
  readonly manager: string;
  readonly lanes: LaneOptions;
}

/** The way of a source's items to its durable connections, which numbers them. */
export class SourceLane implements RunOutlet {
  readonly lane: Lane;
  readonly #options: SourceLaneOptions;
  readonly #outlet: Outlet;
  #tick: number;
  /** Numbers of items that are not stored yet, in order. */
  readonly #open = new Set<number>();
  /** The first that could not be stored, or was not handled to the end. */
  #lost = Number.POSITIVE_INFINITY;
  #whenStored = () => {};

  constructor(options: SourceLaneOptions) {
    const { planned, lanes, run } = options;
    const { name, part, connections } = planned;
    this.#options = options;
    this.lane = new Lane(lanes);
    this.#outlet = new Outlet(
      connections,
      (connection) => this.lane.open(name, part, connection),
      lanes.tallies.part(name),
      NEVER_OVER,
    );
    this.#tick = run.from;
  }

  /** Number of the first item that may not be stored. */
  get next(): number {
    for (const tick of this.#open) return Math.min(tick, this.#lost);
    return Math.min(this.#tick, this.#lost);
  }

  async stored(): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenStored = resolve;
    });
  }

  /** Brings an item, as the source yields it. */
  one(item: unknown): Promise<void> | undefined {
    if (item === undefined) return undefined;
    const { planned, flow, manager, run } = this.#options;
    const { key, revision, isAllowed } = run;
    if (isAllowed?.() === false) return this.#refuse(item);
    const tick = this.#tick++;
    const origin = { flow, manager, source: planned.name, tick, revision, sequence: undefined };
    this.lane.begin({ key: `${key}.${tick}`, origin, deliveries: [], isAllowed });
    this.#open.add(tick);
    const rest = this.#outlet.one(item);
    if (rest !== undefined) return rest.then(() => this.#sent(tick));
    this.#sent(tick);
    return undefined;
  }

  #sent(tick: number): void {
    this.lane.stored((isStored) => this.#close(tick, isStored));
  }

  #close(tick: number, isStored: boolean): void {
    this.#open.delete(tick);
    if (!isStored) this.#lost = Math.min(this.#lost, tick);
    if (this.#open.size === 0) this.#whenStored();
  }

  #refuse(item: unknown): undefined {
    const { planned, lanes } = this.#options;
    lanes.tallies.part(planned.name).countLate();
    lanes.host.lose(lateItem(planned.name, item));
    return undefined;
  }
}

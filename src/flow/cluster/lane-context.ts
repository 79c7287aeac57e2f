import type { Clock } from "../../core/clock.js";
import type { FlowContext } from "../source.js";
import { type ItemDelivery, keyBelow } from "./delivery.js";
import type { Lane } from "./lane.js";

/** What a processor in a lane is given, and how its item came. */
export class LaneContext implements FlowContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly name: string;
  readonly log: (text: string) => void;
  /** Items that the processor was given before this one, of the same cargo. */
  count = -1;
  readonly #lane: Pick<Lane, "cargo">;
  #kept: readonly ItemDelivery[] | undefined;

  constructor({ clock, signal, name, log }: FlowContext, lane: Pick<Lane, "cargo">) {
    this.clock = clock;
    this.signal = signal;
    this.name = name;
    this.log = log;
    this.#lane = lane;
  }

  /** Keeps its deliveries, whatever comes through the lane. @returns What goes on in its place. */
  leave(): LaneContext {
    const next = new LaneContext(this, this.#lane);
    next.count = this.count;
    this.#kept = this.deliveries;
    return next;
  }

  get deliveries(): readonly ItemDelivery[] {
    if (this.#kept !== undefined) return this.#kept;
    const { deliveries = [] } = this.#lane.cargo ?? {};
    if (this.count <= 0) return deliveries;
    return deliveries.map((delivery) => ({ ...delivery, key: keyBelow(delivery.key, String(this.count)) }));
  }
}

import type { Random } from "../../core/random.js";
import type { FlowQueues } from "./durable-queue.js";
import type { Fence } from "./fence.js";
import type { FlowLeases } from "./lease-bucket.js";

/** What a life of a pipeline needs for durable connections and singleton sources. */
export interface DurableOptions {
  readonly flow: string;
  readonly manager: string;
  readonly queues: FlowQueues | undefined;
  readonly leases: FlowLeases | undefined;
  /** Whether sources that say nothing themselves run on one machine at a time. */
  readonly singleton: boolean;
  readonly fence: Fence;
  readonly random: Random;
}

import type { Clock } from "../core/clock.js";
import type { Keeping } from "../mesh/durable.js";
import type { Cause, Mesh } from "../mesh/mesh.js";
import type { ObserverContext } from "./event.js";

/** What observers need of whoever runs them. */
export interface ObserverHost {
  readonly mesh: Pick<Mesh, "subscribe" | "publishOwn" | "durable">;
  readonly clock: Clock;
  /** In whose name they react: that of their node, or of the machine. */
  readonly node: string;
  /** The node that failures are published by, where it is one. */
  readonly from?: string;
  /** What streams that they make keep. */
  readonly keeping?: Keeping | undefined;
  /** Publishes what a handler tells, in their name. */
  readonly publish: ObserverContext["publish"];
  /** Takes what a person should know. */
  readonly notice: (text: string) => void;
  /** Runs a handler so that what it sends is known to come of an event. */
  runBecause<Result>(cause: Cause, work: () => Result): Result;
}

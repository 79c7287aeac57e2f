import type { BoardSession } from "../board/session/board-session.js";
import type { Clock } from "../core/clock.js";
import type { CircuitError } from "../core/error.js";
import type { Latencies } from "../core/latencies.js";
import type { Random } from "../core/random.js";
import type { Keeping } from "../mesh/durable.js";
import type { Delivery, Mesh } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import type { Sketch } from "../sketch/sketch.js";

/** What a node has done so far. */
export interface NodeCounts {
  /** Messages that it sent with `send()`, and those of them that were acknowledged. */
  readonly sent: number;
  readonly acked: number;
  /** From `send()` to the acknowledgement. */
  readonly latencies: Latencies;
  /** Writes that its sketch had confirmed. */
  readonly confirmed: number;
}

export interface CircuitNodeOptions {
  readonly name: string;
  readonly sketch: Sketch;
  /** Its board; `undefined` for a sketch that uses none. */
  readonly session: BoardSession | undefined;
  readonly mesh: Mesh;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Whether acknowledgements wait for the board. */
  readonly confirms: boolean;
  /** Time for an answer to `send()`, in milliseconds. */
  readonly ackTimeoutMs: number;
  /** What streams that its observers make keep. */
  readonly keeping?: Keeping | undefined;
  /** What is to be said to who sends to a node that stands still: at once, unless its board is looked for. */
  readonly standstill?: (
    target: string,
  ) => { readonly error: CircuitError; readonly isSought: boolean } | undefined;
  /** Does what comes on the runtime's own channel. */
  readonly obey?: (delivery: Delivery) => Promise<Payload>;
  readonly out: (text: string) => void;
  /** Takes what a person should know. */
  readonly notice: (text: string) => void;
}

import { CircuitError } from "../core/error.js";
import { Latencies } from "../core/latencies.js";
import type { Messages } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import type { SketchSendOptions } from "../sketch/sketch.js";
import { checkDeadline, lateError, MISSING_FIRST_MS } from "./answer-time.js";
import { inherited } from "./handling.js";
import type { CircuitNodeOptions, NodeCounts } from "./node-options.js";

/** What of a node has to do with sending. */
export type SendingOptions = Pick<
  CircuitNodeOptions,
  "name" | "mesh" | "clock" | "signal" | "ackTimeoutMs" | "standstill"
>;

/** What a node's sketch sends to others, and what became of it. */
export class Sending {
  readonly #options: SendingOptions;
  readonly #latencies = new Latencies();
  #sent = 0;
  #acked = 0;

  /** @param options With the signal of the node, which aborts when it stops. */
  constructor(options: SendingOptions) {
    this.#options = options;
  }

  counts(): Omit<NodeCounts, "confirmed"> {
    return { sent: this.#sent, acked: this.#acked, latencies: this.#latencies };
  }

  /** See `Sketch.send()`. */
  async send(
    target: string,
    message: Payload,
    channel: string,
    options: SketchSendOptions,
  ): Promise<Payload> {
    const { name, mesh, clock, signal, ackTimeoutMs } = this.#options;
    signal.throwIfAborted();
    this.#refuseStill(target);
    const { deadlineMs, ...others } = options;
    const startMs = clock.now();
    const deadlineAtMs =
      deadlineMs === undefined
        ? startMs + ackTimeoutMs + MISSING_FIRST_MS
        : startMs + checkDeadline(deadlineMs);
    this.#sent++;
    try {
      const sending = { ...others, from: name, channel, deadlineAtMs, ...inherited() };
      const ack = await mesh.send(target, message, sending);
      this.#acked++;
      this.#latencies.add(clock.now() - startMs);
      return ack;
    } catch (error) {
      // A mesh that closes because the node stops.
      signal.throwIfAborted();
      const still = this.#options.standstill?.(target);
      if (still && error instanceof CircuitError && error.code === "PEER_MISSING") throw still.error;
      if (options.signal?.aborted || clock.now() < deadlineAtMs) throw error;
      throw lateError({ from: name, target, deadlineMs, usualMs: ackTimeoutMs }, error);
    }
  }

  /** See `Sketch.stream()`. */
  stream(
    target: string,
    messages: Messages,
    channel: string,
    { deadlineMs, ...others }: SketchSendOptions,
  ): AsyncIterableIterator<Payload> {
    const { name, mesh, clock } = this.#options;
    this.#refuseStill(target);
    // Without the node's signal, whose listeners would cost as much as the messages: when it stops, its mesh closes.
    return mesh.stream(target, messages, {
      ...others,
      from: name,
      channel,
      ...(deadlineMs !== undefined && { deadlineAtMs: clock.now() + checkDeadline(deadlineMs) }),
      ...inherited(),
    });
  }

  /** Who sends to what never comes back need not wait to hear so. */
  #refuseStill(target: string): void {
    const still = this.#options.standstill?.(target);
    if (still && !still.isSought) throw still.error;
  }
}

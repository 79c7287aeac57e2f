import type { Clock } from "../../src/core/clock.js";
import {
  type ConsumeOptions,
  type Consumer,
  type DurableEvent,
  type DurableEvents,
  GiveUp,
  HandBack,
} from "../../src/mesh/durable.js";
import type { Payload } from "../../src/mesh/payload.js";

/** One listener of an engine that keeps everything and hands it out one after the other, at once. */
export class FakeDurable implements DurableEvents {
  readonly acked: number[] = [];
  /** Those that were given up. */
  readonly buried: number[] = [];
  readonly dead: DurableEvents["dead"] = async function* () {};
  options: ConsumeOptions | undefined;
  /** What consuming fails with. */
  problem: unknown;
  #waiting: { event: Omit<DurableEvent, "deliveryCount">; deliveries: number }[] = [];
  #handler: ((event: DurableEvent, signal: AbortSignal) => unknown) | undefined;
  #sequence = 0;
  #isRunning = false;
  #isDraining = false;
  #idle: (() => void)[] = [];
  readonly #clock: Pick<Clock, "now">;

  /** @param clock The mesh's. */
  constructor(clock: Pick<Clock, "now"> = { now: () => 0 }) {
    this.#clock = clock;
  }

  /** Events that are kept and that nobody has acknowledged. */
  get left(): number {
    return this.#waiting.length;
  }

  async publish(subject: string, data: Payload) {
    const sequence = ++this.#sequence;
    const event = { subject, data, headers: {}, from: undefined, at: this.#clock.now(), id: `s:${sequence}` };
    this.#waiting.push({ event: { ...event, stream: "s", sequence, storedAt: event.at }, deliveries: 0 });
    void this.#handOut();
    return { stream: "s", sequence, isDuplicate: false };
  }

  async consume(
    pattern: string,
    handler: (event: DurableEvent, signal: AbortSignal) => unknown,
    options: ConsumeOptions,
  ): Promise<Consumer> {
    if (this.problem !== undefined) throw this.problem;
    this.options = options;
    this.#handler = handler;
    this.#isDraining = false;
    queueMicrotask(() => void this.#handOut());
    const drain = async () => {
      this.#isDraining = true;
      if (this.#isRunning) await new Promise<void>((resolve) => this.#idle.push(resolve));
    };
    return { pattern, counts: { duplicates: 0 }, drain, close: () => void drain() };
  }

  async forget() {
    return false;
  }

  async again() {
    return false;
  }

  async report() {
    return [];
  }

  async #handOut(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (!this.#isDraining && this.#handler && this.#waiting[0]) {
      const [entry] = this.#waiting;
      const event = { ...entry.event, deliveryCount: ++entry.deliveries };
      try {
        await this.#handler(event, new AbortController().signal);
        this.acked.push(event.sequence);
        this.#waiting.shift();
      } catch (cause) {
        if (cause instanceof HandBack) {
          if (this.#isDraining) break;
          continue;
        }
        if (!(cause instanceof GiveUp) && entry.deliveries < (this.options?.deliveries ?? 5)) continue;
        this.#waiting.shift();
        this.buried.push(event.sequence);
        this.options?.onDead?.(event, cause);
      }
    }
    this.#isRunning = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

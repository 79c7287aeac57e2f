import { systemClock } from "../../src/core/clock.js";
import {
  type ConsumeOptions,
  type Consumer,
  type DeadEvent,
  type DurableEvent,
  type DurableEvents,
  type DurablePublishOptions,
  GiveUp,
  HandBack,
  type StoredAt,
  type StreamReport,
} from "../../src/mesh/durable.js";
import type { Mesh } from "../../src/mesh/mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { matches } from "../../src/mesh/subject.js";

/** One stream in memory, with one listener at a time: enough to see what is acknowledged, and what comes again. */
export class KeptEvents implements DurableEvents {
  readonly events: DurableEvent[] = [];
  readonly acknowledged = new Set<number>();
  /** Numbers of those that were handed back without a try. */
  readonly handedBack: number[] = [];
  readonly #dead: DeadEvent[] = [];
  #consumer: { deliver(): void } | undefined;

  async publish(subject: string, data: Payload, options: DurablePublishOptions = {}): Promise<StoredAt> {
    const sequence = this.events.length + 1;
    const { headers = {}, id = `kept:${sequence}` } = options;
    const where = { id, stream: "kept", sequence, storedAt: Date.now(), deliveryCount: 1, from: undefined };
    this.events.push({ subject, data, headers, at: systemClock.now(), ...where });
    this.#consumer?.deliver();
    return { stream: "kept", sequence, isDuplicate: false };
  }

  async consume(
    pattern: string,
    handler: (event: DurableEvent, signal: AbortSignal) => unknown,
    { name, concurrency = 1, deliveries = 5, onDead }: ConsumeOptions,
  ): Promise<Consumer> {
    const running = new Set<Promise<void>>();
    const taken = new Set<number>();
    let isOver = false;
    const run = async (event: DurableEvent) => {
      for (let deliveryCount = 1; deliveryCount <= deliveries && !isOver; deliveryCount++) {
        try {
          await handler({ ...event, deliveryCount }, new AbortController().signal);
          this.acknowledged.add(event.sequence);
          return;
        } catch (cause) {
          if (cause instanceof HandBack) {
            this.handedBack.push(event.sequence);
            deliveryCount--;
            await new Promise((resolve) => setImmediate(resolve));
            continue;
          }
          if (deliveryCount < deliveries && !(cause instanceof GiveUp)) continue;
          const died = { consumer: name, cause: String(cause), diedAt: Date.now() };
          this.#dead.push({ number: this.#dead.length + 1, event, ...died });
          onDead?.(event, cause);
          return;
        }
      }
    };
    const deliver = () => {
      for (const event of this.events) {
        if (isOver || running.size >= concurrency) return;
        if (taken.has(event.sequence) || !matches(pattern, event.subject)) continue;
        taken.add(event.sequence);
        const work = run(event).finally(() => {
          running.delete(work);
          deliver();
        });
        running.add(work);
      }
    };
    this.#consumer = { deliver };
    queueMicrotask(deliver);
    const close = () => {
      isOver = true;
    };
    const drain = async () => {
      close();
      await Promise.all(running);
    };
    return { pattern, counts: { duplicates: 0 }, close, drain };
  }

  async forget(): Promise<boolean> {
    return false;
  }

  async *dead(): AsyncGenerator<DeadEvent> {
    yield* this.#dead;
  }

  async again(number: number): Promise<boolean> {
    return this.#dead.some((dead) => dead.number === number);
  }

  async report(): Promise<readonly StreamReport[]> {
    return [];
  }
}

/** A mesh as it is, that keeps events besides. */
export function keeping(mesh: Mesh, durable: DurableEvents): Mesh {
  return new Proxy(mesh, {
    get(target, key) {
      if (key === "durable") return durable;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

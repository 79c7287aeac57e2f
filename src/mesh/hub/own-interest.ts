import { CircuitError } from "../../core/error.js";
import type { SubscribeOptions } from "../event.js";
import type { Interest, QueueInterest } from "../framed/records.js";
import type { LocalSubscription } from "../local-subscription.js";
import { checkListenerName } from "../names.js";
import { MOST_PATTERNS } from "./event-link.js";
import type { Past } from "./past.js";

/** What is listened to in a process, as it tells others. */
export class OwnInterest {
  /** What is listened to, and by how many. */
  readonly #patterns = new Map<string, number>();
  /** The same in the name of queues; a space is in neither. */
  readonly #queues = new Map<string, number>();
  readonly #asks = new Map<number, LocalSubscription>();
  #asked = 0;

  get isEmpty(): boolean {
    return this.#patterns.size === 0 && this.#queues.size === 0;
  }

  /**
   * Lets through what may be listened to beside what is.
   *
   * @throws {CircuitError} `MESSAGE_INVALID`.
   */
  check(pattern: string, { queue, last }: SubscribeOptions): void {
    if (queue !== undefined) checkListenerName("queue", queue);
    if (queue !== undefined && last) throw lastInQueue(pattern, queue);
    const [listeners, name] =
      queue === undefined ? [this.#patterns, pattern] : [this.#queues, `${pattern} ${queue}`];
    const isOneMore = !listeners.has(name) && listeners.size >= MOST_PATTERNS;
    if (isOneMore || (last && this.#asks.size >= MOST_PATTERNS)) throw tooMany(pattern);
  }

  /** A number for one more who wants last events. */
  nextAsk(): number {
    return ++this.#asked;
  }

  /** @returns Whether others are to be told. */
  add(subscription: LocalSubscription): boolean {
    const [listeners, name] = this.#of(subscription);
    const count = listeners.get(name) ?? 0;
    listeners.set(name, count + 1);
    if (subscription.ask > 0) this.#asks.set(subscription.ask, subscription);
    return count === 0 || subscription.ask > 0;
  }

  /** @returns Whether others are to be told. */
  delete(subscription: LocalSubscription): boolean {
    const [listeners, name] = this.#of(subscription);
    const count = (listeners.get(name) ?? 1) - 1;
    if (count > 0) listeners.set(name, count);
    else listeners.delete(name);
    return this.#asks.delete(subscription.ask) || count <= 0;
  }

  /** Who has asked by this number, if he listens still. */
  findAsker(ask: number): LocalSubscription | undefined {
    return this.#asks.get(ask);
  }

  /** All of it, for a process of which so much has been heard. */
  tellTo({ answered, heard }: Past): Omit<Interest, "process"> {
    const queues = [...this.#queues.keys()].map((name): QueueInterest => {
      const [pattern = "", queue = ""] = name.split(" ");
      return [pattern, queue];
    });
    return {
      patterns: [...this.#patterns.keys()],
      ...(queues.length > 0 && { queues }),
      last: [...this.#asks].map(([ask, { pattern }]) => [ask, pattern, ask <= answered ? heard : 0]),
    };
  }

  #of({ pattern, queue }: LocalSubscription): readonly [Map<string, number>, name: string] {
    return queue === undefined ? [this.#patterns, pattern] : [this.#queues, `${pattern} ${queue}`];
  }
}

function tooMany(pattern: string): CircuitError {
  return new CircuitError(
    "MESSAGE_INVALID",
    `Cannot listen to ${pattern}: this process listens to ${MOST_PATTERNS} patterns, as many as it may`,
    { hint: "Choose fewer with wildcards, for example sensor.>." },
  );
}

function lastInQueue(pattern: string, queue: string): CircuitError {
  return new CircuitError(
    "MESSAGE_INVALID",
    `Cannot listen to ${pattern} in the queue ${queue}: last values are for each listener`,
    { hint: "Leave out queue or last." },
  );
}

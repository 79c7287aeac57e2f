import type { Clock } from "../core/clock.js";
import { Queue } from "../core/queue.js";
import { type BatchedConnectionOptions, DEFAULT_CONNECTION_LIMIT } from "./connection.js";
import type { Target } from "./outlet.js";
import type { Stage } from "./stage.js";
import type { ConnectionTally, PartTally } from "./tally.js";

type Item = NonNullable<unknown> | null;

/** Somebody with an item for which there is no room. */
interface Blocked {
  readonly item: Item;
  readonly enter: () => void;
}

/** What an inbox asks of the pump that empties it. */
export interface InboxHost {
  readonly clock: Clock;
  /** There is something to take, or may be. */
  wake(): void;
  /** Nothing more will come by itself: a batch need not be full. */
  readonly isDraining: boolean;
}

export interface Taken {
  readonly item: unknown;
  /** Items that it is: several where it is a batch. */
  readonly weight: number;
}

/** Items that wait on one connection for their processor, in order. */
export class Inbox implements Target {
  readonly #stage: Stage;
  readonly #host: InboxHost;
  readonly #tally: ConnectionTally;
  readonly #part: PartTally;
  readonly #options: Partial<BatchedConnectionOptions>;
  readonly #limit: number;
  readonly #items = new Queue<Item>();
  /** As many as are handled at a time by those who emit here. */
  readonly #blocked = new Queue<Blocked>();
  #isClosed = false;
  /** The first item of a batch has waited long enough. */
  #isDue = false;
  #stopTimer: (() => void) | undefined;

  constructor(
    stage: Stage,
    options: Partial<BatchedConnectionOptions>,
    tally: ConnectionTally,
    host: InboxHost,
  ) {
    const { overflow, limit, batch } = options;
    this.#stage = stage;
    this.#options = options;
    this.#tally = tally;
    this.#part = stage.tally;
    this.#host = host;
    this.#limit =
      overflow === "latest" ? 1 : (limit ?? Math.max(DEFAULT_CONNECTION_LIMIT, batch?.count ?? 1));
  }

  get length(): number {
    return this.#items.length + this.#blocked.length;
  }

  push(item: Item): Promise<void> | undefined {
    this.#part.in++;
    if (this.#isClosed) {
      this.#stage.abandon(item, 1);
      return undefined;
    }
    if (this.#items.length >= this.#limit) return this.#overflow(item);
    this.#enter(item);
    return undefined;
  }

  /** Takes what waits longest, or a batch; `undefined` where there is none yet. */
  take(): Taken | undefined {
    const { batch } = this.#options;
    return batch === undefined ? this.#takeOne() : this.#takeBatch(batch.count);
  }

  /** Takes what is no batch; `undefined` where nothing waits. */
  takeItem(): Item | undefined {
    const item = this.#items.shift();
    if (item === undefined) return undefined;
    if (this.#blocked.length > 0) this.#refill();
    return item;
  }

  /** Gives up what waits, and whatever comes. */
  abandon(): void {
    this.#isClosed = true;
    this.#stopTimer?.();
    for (const item of this.#items.drain()) {
      this.#stage.abandon(item, 1);
    }
    for (const { item, enter } of this.#blocked.drain()) {
      this.#stage.abandon(item, 1);
      enter();
    }
  }

  #overflow(item: Item): Promise<void> | undefined {
    const { overflow = "block" } = this.#options;
    if (overflow === "block") {
      return new Promise((enter) => this.#blocked.push({ item, enter }));
    }
    this.#part.dropped++;
    this.#tally.dropped++;
    if (overflow === "drop-newest") return undefined;
    this.#items.shift();
    this.#items.push(item);
    return undefined;
  }

  #enter(item: Item): void {
    this.#items.push(item);
    this.#host.wake();
  }

  /** Lets in who waits, when half is free: who has waited goes on for a while then. */
  #refill(): void {
    if (this.#items.length * 2 > this.#limit) return;
    while (this.#items.length < this.#limit) {
      const blocked = this.#blocked.shift();
      if (blocked === undefined) break;
      this.#items.push(blocked.item);
      blocked.enter();
    }
  }

  #takeOne(): Taken | undefined {
    const item = this.takeItem();
    return item === undefined ? undefined : { item, weight: 1 };
  }

  #takeBatch(count: number): Taken | undefined {
    if (this.#items.length === 0) return undefined;
    const isReady = this.#items.length >= count || this.#isDue || this.#host.isDraining;
    if (!isReady) {
      this.#startTimer();
      return undefined;
    }
    this.#isDue = false;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const items: Item[] = [];
    while (items.length < count) {
      const item = this.takeItem();
      if (item === undefined) break;
      items.push(item);
    }
    return { item: items, weight: items.length };
  }

  #startTimer(): void {
    const withinMs = this.#options.batch?.withinMs;
    if (withinMs === undefined || this.#stopTimer !== undefined) return;
    this.#stopTimer = this.#host.clock.after(withinMs, () => {
      this.#isDue = true;
      this.#host.wake();
    });
  }
}

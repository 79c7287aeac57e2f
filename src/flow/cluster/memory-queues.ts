import { type Clock, systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type {
  DurableQueue,
  FlowQueues,
  ItemHandler,
  NewItem,
  Outcome,
  QueuePlace,
  TakenItem,
  TakeOptions,
  Taking,
} from "./durable-queue.js";

export interface MemoryQueuesOptions {
  readonly clock?: Clock;
  /** Times that an item is handed out before a failure is its last. */
  readonly deliveries?: number;
  /** Wait before an item that has failed is handed out again, in milliseconds. */
  readonly retryMs?: number;
}

/** An item in a queue. */
interface Stored {
  readonly taken: Omit<TakenItem, "deliveryCount">;
  deliveryCount: number;
}

/** Queues that last as long as this object does, whatever becomes of those who use them: for tests. */
export class MemoryQueues implements FlowQueues {
  readonly #options: Required<MemoryQueuesOptions>;
  readonly #places = new Map<string, Place>();

  constructor({ clock = systemClock, deliveries = 5, retryMs = 250 }: MemoryQueuesOptions = {}) {
    this.#options = { clock, deliveries, retryMs };
  }

  queue({ flow, manager, from, output, to }: QueuePlace): DurableQueue {
    const key = JSON.stringify([flow, manager, from, output, to]);
    const place = this.#places.get(key) ?? new Place(this.#options);
    this.#places.set(key, place);
    return new MemoryQueue(place);
  }
}

/** What one queue keeps, for all who have opened it. */
class Place {
  readonly options: Required<MemoryQueuesOptions>;
  readonly waiting: Stored[] = [];
  readonly takers = new Set<MemoryTaking>();
  readonly #ids = new Set<string>();
  #sequence = 0;

  constructor(options: Required<MemoryQueuesOptions>) {
    this.options = options;
  }

  store({ id, data, origin }: NewItem): void {
    if (this.#ids.has(id)) return;
    this.#ids.add(id);
    const sequence = ++this.#sequence;
    const storedAtMs = this.options.clock.now();
    this.waiting.push({ taken: { id, data, origin, sequence, storedAtMs }, deliveryCount: 0 });
    this.handOut();
  }

  /** Puts an item back where it was. */
  putBack(stored: Stored): void {
    const at = this.waiting.findIndex(({ taken }) => taken.sequence > stored.taken.sequence);
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, stored);
    this.handOut();
  }

  handOut(): void {
    for (;;) {
      const taker = [...this.takers].find(({ hasRoom }) => hasRoom);
      const stored = taker && this.waiting.shift();
      if (taker === undefined || stored === undefined) return;
      // The next is for another, where there is one.
      this.takers.delete(taker);
      this.takers.add(taker);
      taker.hand(stored);
    }
  }
}

class MemoryQueue implements DurableQueue {
  readonly #place: Place;
  #isClosed = false;

  constructor(place: Place) {
    this.#place = place;
  }

  async open(): Promise<void> {}

  put(item: NewItem): Promise<void> {
    const copy = { ...item, data: copyOf(item.data) };
    return Promise.resolve().then(() => {
      if (this.#isClosed) throw new CircuitError("PEER_LOST", "Cannot store an item: its queue is closed");
      this.#place.store(copy);
    });
  }

  async take(handle: ItemHandler, options: TakeOptions): Promise<Taking> {
    const taking = new MemoryTaking(this.#place, handle, options);
    this.#place.takers.add(taking);
    this.#place.handOut();
    return taking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

class MemoryTaking implements Taking {
  readonly #place: Place;
  readonly #handle: ItemHandler;
  readonly #options: TakeOptions;
  readonly #held = new Set<Stored>();
  #isLeaving = false;
  #left: Promise<void> | undefined;
  #setLeft = () => {};

  constructor(place: Place, handle: ItemHandler, options: TakeOptions) {
    this.#place = place;
    this.#handle = handle;
    this.#options = options;
  }

  get hasRoom(): boolean {
    return !this.#isLeaving && this.#held.size < this.#options.limit;
  }

  hand(stored: Stored): void {
    stored.deliveryCount++;
    this.#held.add(stored);
    const { taken, deliveryCount } = stored;
    // In a later turn, as from a server: who is handed items may stop taking any.
    void Promise.resolve(this.#handle({ ...taken, deliveryCount })).then((outcome) =>
      this.#settle(stored, outcome),
    );
  }

  drain(graceMs: number): Promise<void> {
    this.#isLeaving = true;
    this.#place.takers.delete(this);
    this.#left ??= new Promise((resolve) => {
      this.#setLeft = resolve;
    });
    if (graceMs <= 0) for (const stored of [...this.#held]) this.#settle(stored, "handed back");
    if (this.#held.size === 0) this.#setLeft();
    else {
      const stop = this.#place.options.clock.after(graceMs, () => void this.drain(0));
      return this.#left.finally(stop);
    }
    return this.#left;
  }

  #settle(stored: Stored, outcome: Outcome): void {
    if (!this.#held.delete(stored)) return;
    if (outcome === "handed back") this.#handBack(stored);
    else if (outcome !== "handled") this.#failed(stored, outcome);
    if (this.#isLeaving && this.#held.size === 0) this.#setLeft();
    this.#place.handOut();
  }

  /** To others at once; who goes on taking gets it a moment later. */
  #handBack(stored: Stored): void {
    const { clock, retryMs } = this.#place.options;
    if (this.#isLeaving) this.#place.putBack(stored);
    else clock.after(retryMs, () => this.#place.putBack(stored));
  }

  #failed(stored: Stored, outcome: { readonly retry: unknown } | { readonly giveUp: unknown }): void {
    const { clock, deliveries, retryMs } = this.#place.options;
    const { taken, deliveryCount } = stored;
    if ("retry" in outcome && deliveryCount < deliveries)
      clock.after(retryMs, () => this.#place.putBack(stored));
    else
      this.#options.onDead({ ...taken, deliveryCount }, "retry" in outcome ? outcome.retry : outcome.giveUp);
  }
}

/** What arrives elsewhere: as JSON has it. */
function copyOf(data: unknown): unknown {
  if (typeof data === "string") return data;
  if (data instanceof Uint8Array) return new Uint8Array(data);
  const json = wordsOf(data);
  return JSON.parse(json);
}

function wordsOf(data: unknown): string {
  try {
    const json = JSON.stringify(data);
    if (json !== undefined) return json;
  } catch (cause) {
    throw unstorable(data, cause);
  }
  throw unstorable(data);
}

function unstorable(data: unknown, cause?: unknown): CircuitError {
  return new CircuitError(
    "MESSAGE_INVALID",
    `Cannot store an item: JSON has no words for this ${typeof data}`,
    {
      hint: "Emit a text, bytes, or plain objects, arrays, numbers, booleans and null.",
      cause,
    },
  );
}

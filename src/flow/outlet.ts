import type { PlannedConnection } from "./plan.js";
import { Emission } from "./source.js";
import type { PartTally } from "./tally.js";

/** Where an item goes next. */
export interface Target {
  /**
   * Takes an item. What fails beyond it is not told here.
   *
   * @returns A Promise where the next item is to wait; it never rejects.
   */
  push(item: NonNullable<unknown> | null): Promise<void> | undefined;
}

/** What an outlet asks of the pipeline's life. */
export interface OutletHost {
  /** Nothing goes on any more. */
  readonly isOver: boolean;
  /** What a handler has begun, unless it takes too long or the life ends. */
  wait<Value>(work: PromiseLike<Value>): Promise<Value>;
}

const NOBODY: readonly Target[] = [];

/**
 * Brings what a part returns or yields to those who take it, without a Promise as long as nobody makes one.
 *
 * What its methods throw, or reject with, was thrown by the part whose results it brings.
 */
export class Outlet {
  readonly #tally: PartTally;
  readonly #host: OutletHost;
  readonly #data: readonly Target[];
  /** Who takes the output "data" alone, as most often: the quick way. */
  readonly #only: Target | undefined;
  readonly #others: ReadonlyMap<string, readonly Target[]>;

  constructor(
    connections: readonly PlannedConnection[],
    open: (connection: PlannedConnection) => Target,
    tally: PartTally,
    host: OutletHost,
  ) {
    const targets = new Map<string, Target[]>();
    for (const connection of connections) {
      const { output } = connection;
      targets.set(output, [...(targets.get(output) ?? []), open(connection)]);
    }
    this.#data = targets.get("data") ?? NOBODY;
    this.#only = this.#data.length === 1 ? this.#data[0] : undefined;
    this.#others = targets;
    this.#tally = tally;
    this.#host = host;
  }

  /** Brings none, one or many, as a processor returns them. */
  give(result: unknown): Promise<void> | undefined {
    if (result === undefined) return undefined;
    if (typeof result !== "object" || result === null) return this.#sendData(result);
    if (result instanceof Emission) return this.one(result);
    if (isThenable(result)) return this.#giveLater(result);
    if (ArrayBuffer.isView(result)) return this.one(result);
    if (isIterable(result)) return this.#each(result[Symbol.iterator]());
    if (isAsyncIterable(result)) return this.#eachLater(result[Symbol.asyncIterator]());
    return this.one(result);
  }

  /** Brings an item, as a source yields it. */
  one(item: unknown): Promise<void> | undefined {
    if (item === undefined) return undefined;
    if (!(item instanceof Emission)) return this.#sendData(item);
    if (item.item === undefined) return undefined;
    return this.#send(this.#others.get(item.output) ?? NOBODY, item.item);
  }

  #sendData(item: NonNullable<unknown> | null): Promise<void> | undefined {
    const only = this.#only;
    if (only === undefined) return this.#send(this.#data, item);
    this.#tally.out++;
    return only.push(item);
  }

  #send(targets: readonly Target[], item: NonNullable<unknown> | null): Promise<void> | undefined {
    this.#tally.out++;
    if (targets.length === 0) this.#tally.untaken++;
    for (let index = 0; index < targets.length; index++) {
      const room = targets[index]?.push(item);
      if (room !== undefined) return this.#sendRest(room, targets.slice(index + 1), item);
    }
    return undefined;
  }

  async #sendRest(room: Promise<void>, targets: readonly Target[], item: NonNullable<unknown> | null) {
    await room;
    for (const target of targets) await target.push(item);
  }

  async #giveLater(result: PromiseLike<unknown>): Promise<void> {
    const value = await this.#host.wait(result);
    if (!this.#host.isOver) await this.give(value);
  }

  #each(items: Iterator<unknown>): Promise<void> | undefined {
    const room = this.#burst(items);
    return room && this.#eachAfter(room, items);
  }

  /** Brings items as long as there is room; a Promise of room where there are more. */
  #burst(items: Iterator<unknown>): Promise<void> | undefined {
    for (let next = items.next(); !next.done; next = items.next()) {
      const room = this.one(next.value);
      if (room !== undefined) return room;
      if (this.#host.isOver) {
        items.return?.();
        break;
      }
    }
    return undefined;
  }

  async #eachAfter(first: Promise<void>, items: Iterator<unknown>): Promise<void> {
    for (let room: Promise<void> | undefined = first; room !== undefined; room = this.#burst(items)) {
      await room;
      if (!this.#host.isOver) continue;
      items.return?.();
      return;
    }
  }

  async #eachLater(items: AsyncIterator<unknown>): Promise<void> {
    let isDone = false;
    try {
      while (!this.#host.isOver) {
        const next = await this.#host.wait(items.next());
        isDone = next.done === true;
        if (isDone) return;
        await this.one(next.value);
      }
    } finally {
      // One that hangs does not answer, and what it throws now has nobody to go to.
      if (!isDone) items.return?.().then(undefined, () => {});
    }
  }
}

export function isThenable(value: object): value is PromiseLike<unknown> {
  return "then" in value && typeof value.then === "function";
}

export function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

export function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

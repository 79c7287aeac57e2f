import type { DurableQueue, NewItem } from "./durable-queue.js";
import type { WayOut } from "./lane.js";

/** Puts items into a queue, so many at a time without waiting for the first to be stored. */
export class Outgoing implements WayOut {
  readonly mark: string;
  readonly #queue: DurableQueue;
  readonly #limit: number;
  readonly #idle: () => void;
  readonly #drop: () => void;
  #onTheWay = 0;
  #room: Promise<void> | undefined;
  #setRoom = () => {};

  /**
   * @param idle Told when nothing is on its way any more.
   * @param drop Counts an item that is lost here.
   */
  constructor(
    queue: DurableQueue,
    mark: string,
    limit: number,
    { idle, drop }: { readonly idle: () => void; readonly drop: () => void },
  ) {
    this.#queue = queue;
    this.mark = mark;
    this.#limit = limit;
    this.#idle = idle;
    this.#drop = drop;
  }

  get isIdle(): boolean {
    return this.#onTheWay === 0;
  }

  drop(): void {
    this.#drop();
  }

  put(item: NewItem, settled: (problem?: { readonly cause: unknown }) => void): Promise<void> | undefined {
    const storing = this.#queue.put(item);
    this.#onTheWay++;
    storing.then(
      () => {
        settled();
        this.#arrived();
      },
      (cause: unknown) => {
        settled({ cause });
        this.#arrived();
      },
    );
    if (this.#onTheWay < this.#limit) return undefined;
    this.#room ??= new Promise((resolve) => {
      this.#setRoom = resolve;
    });
    return this.#room;
  }

  #arrived(): void {
    this.#onTheWay--;
    // When half is free: who has waited goes on for a while then.
    if (this.#onTheWay * 2 <= this.#limit) {
      this.#setRoom();
      this.#room = undefined;
    }
    if (this.#onTheWay === 0) this.#idle();
  }
}

/** A durable connection: where a queue is, in a flow. */
export interface QueuePlace {
  readonly flow: string;
  readonly manager: string;
  readonly from: string;
  readonly output: string;
  readonly to: string;
}

/** Where an item, or what it was made of, began. */
export interface Origin {
  readonly flow: string;
  readonly manager: string;
  readonly source: string;
  /** Its number among those of its source, from 0; a source that begins again elsewhere may begin with 0 again. */
  readonly tick: number;
  /** The revision of the lease under which its source ran; 0 where its source needs none. */
  readonly revision: number;
  /** Its number in the first durable connection that it came to; `undefined` before that. */
  readonly sequence: number | undefined;
}

/** The number of an item that was stored in time, may have been lost since, and is stored once more: what it was is not known. */
export const IN_TIME = 0;

/** An item on its way into a queue. */
export interface NewItem {
  /** ASCII without spaces, at most 255 characters. What has one id is stored once, within the queue's memory of ids. */
  readonly id: string;
  /** A text, bytes, or what JSON has words for. */
  readonly data: unknown;
  readonly origin: Origin;
  /** Whether it may still be sent, asked each time that it would be sent again; without it, it always may. */
  readonly isAllowed?: (() => boolean) | undefined;
}

/** An item that a queue hands out. */
export interface TakenItem {
  readonly id: string;
  readonly data: unknown;
  /** `undefined` where somebody else has put it there. */
  readonly origin: Origin | undefined;
  /** Its number in the queue, the same for each delivery, and higher than that of all that were stored before. */
  readonly sequence: number;
  /** When it was stored, in milliseconds of a clock that all who store share. */
  readonly storedAtMs: number;
  /** 1, or more where it was handed out before and not acknowledged. */
  readonly deliveryCount: number;
}

/** What became of an item. */
export type Outcome =
  /** It, or all that was made of it, is stored elsewhere, or at its end: it goes. */
  | "handled"
  /** It was not begun, or not ended: it is handed out again, and that was no try. */
  | "handed back"
  /** It is handed out again after a while, and after its last try put among the dead. */
  | { readonly retry: unknown }
  /** It is put among the dead. */
  | { readonly giveUp: unknown };

export type ItemHandler = (item: TakenItem) => Outcome | Promise<Outcome>;

export interface TakeOptions {
  /** Most items that are handed out here and have no outcome yet. */
  readonly limit: number;
  /** Takes what concerns the taking itself, for example a server without room. */
  readonly onError: (error: unknown) => void;
  /** An item is among the dead now, by its outcome or after its last try. */
  readonly onDead: (item: TakenItem, cause: unknown) => void;
}

/** Somebody who takes from a queue. */
export interface Taking {
  /** Takes nothing new, and resolves when what is here has an outcome, or the grace is over: the rest is handed back. Idempotent. */
  drain(graceMs: number): Promise<void>;
}

/**
 * Items that wait for a processor of a flow, wherever it runs. Each is handed to one of those who take, at least once,
 * until it has an outcome; one that dies is as one that hands back, after a few seconds. In order while nothing is handed
 * out again.
 */
export interface DurableQueue {
  /**
   * Makes the queue where there is none. Idempotent.
   *
   * @throws {CircuitError} Where there cannot be one.
   */
  open(): Promise<void>;

  /**
   * Hands an item over; many may be on their way before the first is stored. Goes on trying while the storage is away or
   * full: who puts bounds how many are on their way.
   *
   * @returns Resolves when it is stored.
   * @throws {CircuitError} `MESSAGE_INVALID` at once, for data that cannot be stored. Rejects where trying again would not
   *   help, and when the queue is closed or it may
   *   not be sent any more: then nobody knows whether it was stored.
   */
  put(item: NewItem): Promise<void>;

  /** Takes items until drained. `handle` gives an outcome at once where it can, and never throws or rejects. */
  take(handle: ItemHandler, options: TakeOptions): Promise<Taking>;

  /** Ends what is on its way in. Idempotent. */
  close(): Promise<void>;
}

/** The queues of flows. */
export interface FlowQueues {
  /** The queue of a durable connection, which does nothing yet. */
  queue(place: QueuePlace): DurableQueue;
}

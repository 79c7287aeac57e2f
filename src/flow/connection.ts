/** What happens to an item that comes where a connection has no room. Whatever is dropped is counted. */
export type Overflow =
  /** Whoever emits it waits, up to the source. */
  | "block"
  /** What waits longest gives way. */
  | "drop-oldest"
  /** It is dropped itself. */
  | "drop-newest"
  /** Only the latest item waits. */
  | "latest";

/** Items that are handled together. A batch goes on when it is full, or when its first item has waited long enough. */
export interface Batching {
  /** Most items in a batch. */
  readonly count: number;
  /** How long the first item of a batch waits at most, in milliseconds; for ever where it is not given. */
  readonly withinMs?: number;
}

/** How items go from an output to a processor. `overflow` and `limit` are for the protocol `async`, and for durable connections. */
export interface ConnectionOptions {
  /** `block` where nothing is said. */
  readonly overflow?: Overflow;
  /** Most items that wait. */
  readonly limit?: number;
  /**
   * Whether items wait for their processor where a crash does not reach them, and for whichever process of the flow takes
   * them. Needs `queues` of the flow. Then `limit` says how many a process has at a time, taken and not handled, or put and
   * not stored; and an item is handled to the next durable connection, or the end, before it is gone.
   */
  readonly durable?: boolean;
}

/** A connection whose processor takes several items at a time. */
export interface BatchedConnectionOptions extends ConnectionOptions {
  readonly batch: Batching;
}

/** Items that wait on a connection at most: enough that who emits and who handles seldom wait for each other. */
export const DEFAULT_CONNECTION_LIMIT = 1_024;

/** The same for a durable connection: what a process that dies has taken comes again to another after some seconds. */
export const DEFAULT_DURABLE_LIMIT = 256;

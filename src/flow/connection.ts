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

/** How items go from an output to a processor. All but the defaults is for the protocol `async`. */
export interface ConnectionOptions {
  /** `block` where nothing is said. */
  readonly overflow?: Overflow;
  /** Most items that wait. */
  readonly limit?: number;
}

/** A connection whose processor takes several items at a time. */
export interface BatchedConnectionOptions extends ConnectionOptions {
  readonly batch: Batching;
}

/** Items that wait on a connection at most: enough that who emits and who handles seldom wait for each other. */
export const DEFAULT_CONNECTION_LIMIT = 1_024;

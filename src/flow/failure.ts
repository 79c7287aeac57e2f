import type { ErrorPolicy } from "./part.js";

/** A part of a pipeline has failed. */
export interface PartFailure {
  readonly part: string;
  readonly cause: unknown;
  /** What it failed with; `undefined` where it was no item. */
  readonly item: unknown;
  readonly policy: ErrorPolicy;
}

/** An item that is lost: with the failure of a part, or because its pipeline ended before. */
export interface GivenUp {
  readonly part: string;
  /** The item, or the batch. */
  readonly item: unknown;
  /** Why the part failed with it; `undefined` where it was not handled to the end. */
  readonly cause: unknown;
}

import type { Advert } from "./advert.js";

/** Where a node is known from, the most trusted first: what a person wrote, this user's files, a network's word. */
export const SOURCES = ["grid", "local", "lan"] as const;

export type SourceName = (typeof SOURCES)[number];

/** Takes what a source sees. Telling the same again does nothing. */
export interface Sightings {
  announce(advert: Advert): void;
  forget(boot: string): void;
}

/** One way to learn of nodes. */
export interface Source {
  readonly name: SourceName;

  /**
   * Begins to tell of nodes, until `close()`. Resolves when what is there already has been told.
   *
   * @throws {CircuitError} When this source cannot be used here; the others can.
   */
  start(sightings: Sightings): Promise<void>;

  /**
   * Lets others who use this source find a node, after `start()`.
   *
   * @returns Takes it back; `undefined` for a node that this source's others could not reach.
   * @throws {CircuitError} When it cannot.
   */
  publish?(advert: Advert): Promise<(() => Promise<void>) | undefined>;

  /** Tells something else of a node that is published; what cannot be told is as before. Never rejects. */
  revise?(advert: Advert): Promise<void>;

  /** Tells no more, and takes back what is published. Idempotent. */
  close(): Promise<void>;
}

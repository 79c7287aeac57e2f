import type { LevelHappening, SampleHappening } from "./happening.js";

/** A file that is made of a recording, piece by piece. */
export interface Export {
  /** What comes first. */
  begin(): void;

  /** A pin's level changes at this moment; moments never go back. */
  level?(happening: LevelHappening, atMs: number): void;

  /** An analog input is read. */
  sample?(happening: SampleHappening, atMs: number): void;

  /** Nothing comes any more that is before this moment. */
  passTo?(atMs: number): void;

  /** What comes last. */
  end(atMs: number): void;

  /** What there is in it: `26 pins, 1 204 changes`. */
  summary(): string;

  /** Why there is nothing in it, where it is so. */
  emptiness(): string | undefined;
}

/** Takes a piece of a file. */
export type Write = (chunk: string | Uint8Array) => void;

/** What is on a board's pins, where a wiring says so. */
export interface Wired {
  /** Ids of the parts on each pin. */
  readonly parts: ReadonlyMap<number, readonly string[]>;
  /** Pins with a piezo. */
  readonly piezos: ReadonlySet<number>;
}

export const NOTHING_WIRED: Wired = { parts: new Map(), piezos: new Set() };

import type { CircuitErrorCode } from "../core/error.js";
import type { ManagerStatus } from "../flow/supervisor.js";

/** What a running circuit tells, in order. Each is a line of `--json`. */
export type CircuitEvent =
  /** A board is ready. */
  | {
      readonly type: "board";
      readonly board: string;
      readonly address: string;
      readonly firmware: string;
      /** From opening to ready, in milliseconds. */
      readonly readyMs: number;
    }
  /** Of several boards one is not there: what needs it stands still, and all else goes on. */
  | ({ readonly type: "standstill" } & ToldStandstill)
  /** A node takes messages from other processes. */
  | { readonly type: "listening"; readonly node: string; readonly addresses: readonly string[] }
  /** A sketch's own line. */
  | { readonly type: "out"; readonly node: string; readonly text: string }
  /** Something that a person should know: a peer that is not there yet, a word from a board's firmware. */
  | { readonly type: "notice"; readonly text: string }
  /** What was done in all; the last event. */
  | ({ readonly type: "summary" } & Summary);

/** What stands still, and why. */
export interface ToldStandstill {
  readonly board: string;
  readonly address: string;
  readonly code: CircuitErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly nodes: readonly string[];
  readonly pins: readonly string[];
  readonly flows: readonly string[];
  /** Whether the board is looked for: all begins when it is there, which an event `board` tells. */
  readonly isSought: boolean;
}

export interface Summary {
  /** Messages sent with `send()` by the sketches that act by themselves, and how many were acknowledged. */
  readonly ticks: number;
  readonly acks: number;
  /** Writes that a sketch had confirmed by the board. */
  readonly confirmedWrites: number;
  /** Edges seen on each pin of each emulated board from ready to stop, by board and pin. */
  readonly edges?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** How each pipeline of each flow ended, and what it has counted. */
  readonly flows?: Readonly<Record<string, readonly ManagerStatus[]>>;
  /** What stood still at the end, where something did. */
  readonly standstills?: readonly ToldStandstill[];
  /** From a message to its acknowledgement, in milliseconds; `null` where there was none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

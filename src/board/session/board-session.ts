import type { Clock } from "../../core/clock.js";
import type { SafeState } from "../../firmata/protocol.js";
import type { Board } from "../board.js";
import type { ByteLink } from "../link/link.js";
import type { Relink } from "./recovery/search.js";

export interface SessionOptions {
  /** A link that has not been opened. The session opens and closes it. */
  readonly link: ByteLink;
  readonly clock?: Clock;
  /** Gives up connecting; `openSession()` then rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
  /** How long the board may take to describe itself, in milliseconds. */
  readonly readyTimeoutMs?: number;
  /** Called with each pin before it is first used; throws to refuse it. */
  readonly checkPin?: (pin: number) => void;
  /** Takes what the board says in words, such as why it refuses a message, and where it has gone. */
  readonly notice?: (text: string) => void;
  /** Makes a link to the same board again when it has gone away. Where it is missing, a board that is gone is lost for good. */
  readonly relink?: Relink;
  /** Where pins go when the board hears nothing for `silenceMs`, by their numbers. For circuit's own firmware, from 1.1 on. */
  readonly safe?: ReadonlyMap<number, SafeState> | undefined;
  /** How long the board may hear nothing, in milliseconds, from 100 to 16 383; 2 000 by default. */
  readonly silenceMs?: number | undefined;
  /** How long those wait who want a write confirmed while the board is away, in milliseconds; 30 000 by default. */
  readonly patienceMs?: number;
  /** Outputs that are taken over as they are, where the board is running. */
  readonly held?: ReadonlySet<number>;
}

/** Which board is to take the place of another. */
export interface SwapOptions {
  /** A link to it that has not been opened. */
  readonly link: ByteLink;
  /** Makes a link to it again when it has gone away; where it is missing, it is then lost for good. */
  readonly relink?: Relink | undefined;
  /** What the pins of the board until now are left as; low where nothing is said. */
  readonly stopLevels?: ReadonlyMap<number, StopLevel>;
  /** Gives up, as long as nothing has changed. */
  readonly signal?: AbortSignal;
}

/** What the session has counted since it opened. */
export interface SessionCounts {
  /** Digital writes sent to the board. */
  readonly writes: number;
  /** Messages that were not sent because they would have changed nothing. */
  readonly redundant: number;
  /** Bytes from the board that were in no Firmata message. */
  readonly discardedBytes: number;
  /** Digital writes and queries that the board has not answered. */
  readonly unconfirmed: number;
  /** Bytes that have not reached the board, by the speed of its wire; those that wait are among them. */
  readonly unsentBytes: number;
  /** Messages that wait for room on the wire, and their bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** How long the oldest of them has waited, in milliseconds; 0 where none waits. */
  readonly oldestQueuedMs: number;
  /** Values that were never sent, because a later one had come before the wire had room. */
  readonly superseded: number;
  /** Messages lost while the board was away that it is not told again: I2C, strings. */
  readonly missed: number;
  /** How often the board was gone, or had started anew, and got its pins back. */
  readonly restored: number;
}

/** What a pin is left as when the session closes: a level, or whatever it is. */
export type StopLevel = 0 | 1 | "keep";

/** One board: Firmata and Johnny-Five on a byte link. */
export interface BoardSession {
  readonly address: string;
  /** Name and version that the firmware reports, for example `StandardFirmata.ino 2.5`. */
  readonly firmware: string;
  readonly board: Board;
  /** The speed of the line that was agreed on, in baud; `undefined` where it stays what the link began with. */
  readonly agreedBaud: number | undefined;
  /** Bytes that its wire carries each second in one direction, now; `Infinity` where nothing limits it. */
  readonly bytesPerSecond: number;
  /** Whether the board is away at the moment, and is looked for. */
  readonly isAway: boolean;
  /** Aborts when the board is gone for good; its reason is the error. */
  readonly lost: AbortSignal;
  counts(): SessionCounts;

  /**
   * Goes on with another board: it gets modes, values, reports and tones, and the one until now is left as `close()` would
   * leave it. The board's objects stay the same, and who waits for a confirmation is answered by the other board, as after an
   * absence. Resolves when the other is as this one was.
   *
   * @throws {CircuitError} `SWAP_REFUSED` for a board that cannot do what this one is used for, `PORT_BUSY` while it is moved
   *   already, what opening it throws, the signal's own reason: then nothing has changed. `PIN_UNCONFIRMED`, or `BOARD_LOST`,
   *   where it was moved and is not as it was told to be.
   */
  swap(options: SwapOptions): Promise<void>;

  /**
   * Leaves outputs as asked (low where nothing was asked) and piezos silent, waits until the board has done so and
   * everything is sent, then closes the link. Idempotent; never rejects.
   */
  close(stopLevels?: ReadonlyMap<number, StopLevel>): Promise<void>;
}

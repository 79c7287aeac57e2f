import type { CircuitError } from "../core/error.js";
import type { five } from "./session/johnny-five.js";
import type { Readings } from "./session/readings/readings.js";

/** A board as a sketch sees it: Johnny-Five's own object, and what a circuit adds to it. */
export type Board = five.Board & CircuitBoard;

interface CircuitBoard {
  /**
   * Resolves when the board has executed all that was written to it before this call. It proves that the board
   * executed the write, not what voltage is on the pin. While the board is away, that is when it is back.
   *
   * @throws {CircuitError} `PIN_UNCONFIRMED` when the board has another mode or value than was written, or does not
   *   answer within a second; `SUPERSEDED` when a later write of a pin took the place of what was written, before the wire
   *   had room or while the board was away; `OUTBOX_FULL` when too much waits already; `BOARD_LOST` when it is gone, stays away
   *   for longer than the circuit's patience, or was away for a message that is not sent again (I2C, a string).
   */
  confirm(): Promise<void>;

  /**
   * From now on each value that is written to these pins reaches the board, in order. Of other pins the last value alone
   * does, when a sketch writes faster than the wire carries. Who writes an ordered pin awaits `confirm()` now and then:
   * a write that finds 4096 messages waiting throws `OUTBOX_FULL`.
   *
   * @throws {CircuitError} `USAGE` for what is no pin, 0 to 127.
   */
  ordered(...pins: readonly number[]): void;

  /** What a pin reads. */
  readonly readings: Readings;

  /** The board is away, or has started anew. What is written meanwhile is remembered, and written when it is back. */
  on(event: "lost", listener: (cause: CircuitError) => void): this;
  /** It is another board from now on (`circuit swap`); `restored` follows when that has its pins. */
  on(event: "moved", listener: () => void): this;
  /** It is back, and its pins are as they were last told to be. */
  on(event: "restored", listener: () => void): this;
}

import type { CircuitError } from "../core/error.js";
import type { five } from "./session/johnny-five.js";

/** A board as a sketch sees it: Johnny-Five's own object, and what a circuit adds to it. */
export type Board = five.Board & CircuitBoard;

interface CircuitBoard {
  /**
   * Resolves when the board has executed all that was written to it before this call. It proves that the board
   * executed the write, not what voltage is on the pin. While the board is away, that is when it is back.
   *
   * @throws {CircuitError} `PIN_UNCONFIRMED` when the board has another mode or value than was written, or does not
   *   answer within a second; `SUPERSEDED` when it was away, and came back to what was written later; `BOARD_LOST` when it is
   *   gone, or stays away for longer than the circuit's patience.
   */
  confirm(): Promise<void>;

  /** The board is away, or has started anew. What is written meanwhile is remembered, and written when it is back. */
  on(event: "lost", listener: (cause: CircuitError) => void): this;
  /** It is back, and its pins are as they were last told to be. */
  on(event: "restored", listener: () => void): this;
}

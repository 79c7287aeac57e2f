import type { five } from "./session/johnny-five.js";

/** A board as a sketch sees it: Johnny-Five's own object, and a barrier. */
export interface Board extends five.Board {
  /**
   * Resolves when the board has executed all that was written to it before this call. It proves that the board
   * executed the write, not what voltage is on the pin.
   *
   * @throws {CircuitError} `PIN_UNCONFIRMED` when the board has another mode or value than was written, or does not
   *   answer within a second; `BOARD_LOST` when it is gone.
   */
  confirm(): Promise<void>;
}

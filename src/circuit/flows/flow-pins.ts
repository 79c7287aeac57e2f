import type { Board } from "../../board/board.js";
import { five } from "../../board/session/piezo.js";
import { PIN_MODE } from "../../firmata/protocol.js";
import type { PiezoOutput, PinOutput } from "../../flow/outputs/to-pin.js";

/** An output of a board, for a flow's `toPin`: digital, or with `pwm` of 0 to 255. */
export function pinOutput(board: Board, pin: number, { pwm = false } = {}): PinOutput {
  const confirm = () => board.confirm();
  if (!pwm) {
    const output = new five.Pin({ pin, board });
    return { mostValue: 1, write: (value) => output.write(value), confirm };
  }
  board.pinMode(pin, PIN_MODE.pwm);
  return { mostValue: 255, write: (value) => board.analogWrite(pin, value), confirm };
}

/** A piezo on a board, for a flow's `toPiezo`. */
export function piezoOutput(board: Board, pin: number): PiezoOutput {
  const piezo = new five.Piezo({ pin, board });
  return {
    frequency: (toneHz, forMs) => void piezo.frequency(toneHz, forMs),
    confirm: () => board.confirm(),
  };
}

import type { Board } from "../../board/board.js";
import { five } from "../../board/session/piezo.js";
import { PIN_MODE } from "../../firmata/protocol.js";
import type { PiezoOutput, PinOutput } from "../../flow/outputs/to-pin.js";
import type { PinInput } from "../../flow/sources/pin.js";

/**
 * A digital input of a board, for a flow's `edges`. With `pullup`, which is the default, its idle level is 1.
 *
 * The board goes on reporting when nobody reads: there is one listener, however often a pipeline starts.
 */
export function digitalInput(board: Board, pin: number, { pullup = true } = {}): PinInput {
  // The cast: Johnny-Five's types do not know the mode that Firmata has for it.
  board.pinMode(pin, (pullup ? PIN_MODE.pullup : PIN_MODE.input) as five.PinMode);
  return listening((report) => board.digitalRead(pin, report));
}

/** An analog input of a board, by its channel (0 for A0), for a flow's `samples`. */
export function analogInput(board: Board, channel: number): PinInput {
  board.pinMode(channel, PIN_MODE.analog);
  const input = listening((report) => board.analogRead(channel, report));
  // From now on: it is here that a pin is refused which is not wired. Readings come again and again.
  input.read(() => {})();
  return input;
}

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

/** An input that begins to listen with its first reader, and hands what it hears to those who read. */
function listening(begin: (report: (value: number) => void) => void): PinInput {
  const readers = new Set<(value: number) => void>();
  let isListening = false;
  return {
    read(report) {
      readers.add(report);
      if (!isListening) {
        isListening = true;
        begin((value) => {
          for (const reader of readers) reader(value);
        });
      }
      return () => readers.delete(report);
    },
  };
}

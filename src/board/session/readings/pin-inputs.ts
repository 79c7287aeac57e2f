import type { PinAbsence, PinInput } from "../../../core/pin-readings.js";
import { PIN_MODE } from "../../../firmata/protocol.js";
import type { five } from "../johnny-five.js";
import { onAbsence } from "./absences.js";

/** An input that knows what the board has reported last. */
export interface KnownInput extends PinInput {
  /** `undefined` before the first report, and while the board is away. */
  readonly value: number | undefined;
}

/** The inputs that were made of each board, by pin: a board goes on reporting when nobody reads. */
const inputs = new WeakMap<object, Map<string, Input>>();

/** A digital input of a board. With `pullup`, which is the default, its idle level is 1. */
export function digitalInput(board: five.Board, pin: number, { pullup = true } = {}): KnownInput {
  // The cast: Johnny-Five's types do not know the mode that Firmata has for it.
  board.pinMode(pin, (pullup ? PIN_MODE.pullup : PIN_MODE.input) as five.PinMode);
  return inputOf(board, `${pin}`, (report) => board.digitalRead(pin, report));
}

/** An analog input of a board, by its channel, 0 for A0. */
export function analogInput(board: five.Board, channel: number): KnownInput {
  board.pinMode(channel, PIN_MODE.analog);
  const input = inputOf(board, `A${channel}`, (report) => board.analogRead(channel, report));
  // From now on: it is here that a pin is refused which is not wired. Readings come again and again.
  input.begin();
  return input;
}

type Begin = (report: (value: number) => void) => void;

function inputOf(board: five.Board, name: string, begin: Begin): Input {
  const known = inputs.get(board) ?? new Map<string, Input>();
  inputs.set(board, known);
  const input = known.get(name) ?? new Input(board, begin);
  known.set(name, input);
  return input;
}

/** Begins to listen with its first reader, and hands what it hears to those who read. */
class Input implements KnownInput {
  readonly #board: five.Board;
  readonly #begin: Begin;
  readonly #readers = new Set<(value: number) => void>();
  #isListening = false;
  #value: number | undefined;

  constructor(board: five.Board, begin: Begin) {
    this.#board = board;
    this.#begin = begin;
  }

  get value(): number | undefined {
    return this.#value;
  }

  begin(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    const forget = () => {
      this.#value = undefined;
    };
    onAbsence(this.#board, { away: forget, moved: forget, gone: forget });
    this.#begin((value) => {
      this.#value = value;
      for (const reader of this.#readers) reader(value);
    });
  }

  read(report: (value: number) => void, absence?: PinAbsence): () => void {
    this.#readers.add(report);
    const stopHearing = absence && onAbsence(this.#board, absence);
    this.begin();
    return () => {
      this.#readers.delete(report);
      stopHearing?.();
    };
  }
}

import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import {
  type EdgesOptions,
  type LossOptions,
  type PinEdge,
  type PinSample,
  readEdges,
  readSamples,
} from "../../../core/pin-readings.js";
import type { five } from "../johnny-five.js";
import { registerAbsences } from "./absences.js";
import { hideWhileAway } from "./hidden-readings.js";
import { analogInput, digitalInput } from "./pin-inputs.js";

/** How an analog pin is read. */
export interface SampleReadingOptions extends LossOptions {
  /** Ends the readings. */
  readonly signal?: AbortSignal;
}

/** How a digital pin is read. */
export interface EdgeReadingOptions extends SampleReadingOptions, Omit<EdgesOptions, "idle"> {
  /** `true` by default. */
  readonly pullup?: boolean;
}

/** What a pin reads, as long as its board is there. */
export interface Readings {
  /**
   * Edges of a digital pin, from when the first is asked for. The level that it has then is no edge; a change while the board
   * was away is one when it is back.
   *
   * They end when the session is closed, and with `whenLost: "end"`, the default, with the error when the board goes away
   * or starts anew (`BOARD_LOST`). With `"pause"` only a board that is gone for good ends them. Readings that begin
   * while the board is away wait for it.
   *
   * @throws {CircuitError} `USAGE` for what is no pin; `PIN_NOT_WIRED`.
   */
  (pin: number, options?: EdgeReadingOptions): AsyncIterableIterator<PinEdge>;
  /**
   * Readings of an analog pin, `"A0"` to `"A15"`: of those that nobody took in time, the latest, and none after the board was
   * lost. They end as edges do.
   *
   * @throws {CircuitError} `USAGE` for what is no pin; `PIN_NOT_WIRED`.
   */
  (pin: `A${number}`, options?: SampleReadingOptions): AsyncIterableIterator<PinSample>;
}

/**
 * Gives a board its `readings()`; has what reads it hear of its absences, and Johnny-Five's parts be silent then.
 *
 * @param gone Aborts when the board is gone for good, or its session is closed.
 */
export function makeReadable(
  board: five.Board,
  { gone, clock }: { readonly gone: AbortSignal; readonly clock: Clock },
): void {
  registerAbsences(board, gone);
  hideWhileAway(board);
  Object.assign(board, { readings: readingsOf(board, clock) });
}

function readingsOf(board: five.Board, clock: Clock): Readings {
  function readings(pin: number, options?: EdgeReadingOptions): AsyncIterableIterator<PinEdge>;
  function readings(pin: `A${number}`, options?: SampleReadingOptions): AsyncIterableIterator<PinSample>;
  function readings(
    pin: number | string,
    { signal = new AbortController().signal, pullup = true, ...options }: EdgeReadingOptions = {},
  ): AsyncIterableIterator<PinEdge | PinSample> {
    const reading = { clock, signal };
    const channel = /^A(\d{1,2})$/.exec(String(pin))?.[1];
    if (channel !== undefined) return readSamples(analogInput(board, Number(channel)), options, reading);
    if (typeof pin !== "number" || !Number.isInteger(pin) || pin < 0) {
      throw new CircuitError(
        "USAGE",
        `Cannot read pin ${pin}: it is neither a whole number nor A and a channel`,
        { hint: 'Give a digital pin as 2, an analog one as "A0".' },
      );
    }
    const input = digitalInput(board, pin, { pullup });
    return readEdges(input, { ...options, idle: levelOf(input.value) }, reading);
  }
  return readings;
}

function levelOf(value: number | undefined): 0 | 1 | undefined {
  if (value === undefined) return undefined;
  return value === 0 ? 0 : 1;
}

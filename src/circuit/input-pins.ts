import type { Board } from "../board/board.js";
import type { five } from "../board/session/piezo.js";
import { onAbsence } from "../board/session/readings/absences.js";
import { type EdgeChoice, type EdgePin, PIN_DEFAULTS, type ThresholdPin } from "../config/pins.js";
import type { Clock } from "../core/clock.js";
import { PIN_MODE } from "../firmata/protocol.js";
import type { Json } from "../mesh/payload.js";

/** An input of a board, and where its news go. */
export interface InputPlace {
  readonly board: Board;
  /** The board's name in the circuit. */
  readonly name: string;
  /** As the configuration has it: `2`, `A0`. */
  readonly pin: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Calls back when the circuit stops. */
  atEnd(ending: () => void): void;
  publish(subject: string, data: Json): void;
}

type Level = 0 | 1;

/**
 * Publishes the edges of a digital input, each when its level has lasted. The level that it has at the start is no edge, and
 * what changes while the board is away is one when it is back.
 */
export function tellEdges(
  place: InputPlace,
  { edges, edge, pullup = PIN_DEFAULTS.pullup, debounceMs = PIN_DEFAULTS.debounceMs }: EdgePin,
) {
  const { board, name, clock, signal } = place;
  const pin = Number(place.pin);
  const told = edge ?? (pullup ? "falling" : "rising");
  // A board says at once what its pins are.
  let settled: Level | undefined;
  let reported: Level | undefined;
  let cancel = () => {};
  place.atEnd(() => cancel());
  const settle = (level: Level) => {
    const isEdge = settled !== undefined && level !== settled;
    settled = level;
    if (isEdge && !signal.aborted && isTold(told, level)) place.publish(edges, { board: name, pin, level });
  };
  // Whether a level would have lasted is not known when the board is away.
  const away = () => {
    cancel();
    reported = settled;
  };
  onAbsence(board, { away, moved: away, gone: away });
  // The cast: Johnny-Five's types do not know the mode that Firmata has for it.
  board.pinMode(pin, (pullup ? PIN_MODE.pullup : PIN_MODE.input) as five.PinMode);
  board.digitalRead(pin, (value: number) => {
    const level: Level = value ? 1 : 0;
    // A report is of eight pins, whichever of them has changed.
    if (level === reported) return;
    reported = level;
    cancel();
    if (debounceMs === 0) settle(level);
    else cancel = clock.after(debounceMs, () => settle(level));
  });
}

/** Publishes when the reading of an analog input crosses its threshold. Until the first, it is below. */
export function tellCrossings(
  place: InputPlace,
  { edges, threshold, hysteresis = PIN_DEFAULTS.hysteresis, edge = "rising" }: ThresholdPin,
) {
  const { board, name, pin, signal } = place;
  const channel = Number(pin.slice(1));
  let level: Level = 0;
  board.pinMode(channel, PIN_MODE.analog);
  board.analogRead(channel, (value: number) => {
    const now: Level = value >= threshold - (level === 1 ? hysteresis : 0) ? 1 : 0;
    const isCrossing = now !== level;
    level = now;
    if (isCrossing && !signal.aborted && isTold(edge, now))
      place.publish(edges, { board: name, pin, level: now, value });
  });
}

function isTold(choice: EdgeChoice, level: Level): boolean {
  return choice === "both" || choice === (level === 1 ? "rising" : "falling");
}

import type { BoardSession, StopLevel } from "../board/session/board-session.js";
import { type CircuitDefinition, DEFAULT_BOARDS } from "../config/define.js";
import {
  type EdgePin,
  isEventPin,
  type OutputPin,
  type PinDefinition,
  parsePin,
  type ReactingPin,
  type ThresholdPin,
} from "../config/pins.js";
import type { Clock } from "../core/clock.js";
import type { ObserverDefinition } from "../events/on.js";
import type { SafeState } from "../firmata/protocol.js";
import type { Json } from "../mesh/payload.js";
import { type InputPlace, tellCrossings, tellEdges } from "./input-pins.js";
import { reactWith } from "./reacting-pins.js";
import { namingUnwired } from "./unwired.js";

export interface StartPinsOptions {
  session(board: string): BoardSession | undefined;
  readonly clock: Clock;
  /** Ends what pins do by themselves. */
  readonly signal: AbortSignal;
  publish(subject: string, data: Json): void;
  observe(definition: ObserverDefinition): void;
}

/** Has the pins of a configuration tell of their edges, and react to events. */
export function startPins(definition: CircuitDefinition, options: StartPinsOptions): void {
  // One listener for all pins: an engine warns of many.
  const endings: (() => void)[] = [];
  const end = () => endings.forEach((ending) => void ending());
  options.signal.addEventListener("abort", end, { once: true });
  const atEnd = (ending: () => void) => void endings.push(ending);
  for (const { key, board, pin, settings } of eventPins(definition)) {
    const session = options.session(board);
    if (!session) continue;
    const place = { board: session.board, name: board, pin, atEnd, ...options };
    try {
      startPin(place, settings, options);
    } catch (error) {
      throw namingUnwired(`pins.${key}`, error);
    }
  }
}

function startPin(
  place: InputPlace,
  settings: EdgePin | ThresholdPin | ReactingPin,
  { observe }: StartPinsOptions,
): void {
  if ("on" in settings) observe(reactWith(place, settings));
  else if ("threshold" in settings) tellCrossings(place, settings);
  else tellEdges(place, settings);
}

/** Names of the boards that pins need which take part in events. */
export function boardsOfPins(definition: CircuitDefinition): string[] {
  return eventPins(definition).map(({ board }) => board);
}

/** Pins of a board that take part in events, as the configuration has them. */
export function pinsOf(definition: CircuitDefinition, board: string): string[] {
  return eventPins(definition).flatMap((pin) => (pin.board === board ? [pin.key] : []));
}

/** What the pins of a board are left as. */
export function stopLevels({ pins = {} }: CircuitDefinition, board: string): ReadonlyMap<number, StopLevel> {
  const levels = new Map<number, StopLevel>();
  for (const [pin, { stop, hold }] of outputPins(pins, board)) {
    if (hold === true) levels.set(pin, "keep");
    else if (stop !== undefined) levels.set(pin, stop);
  }
  return levels;
}

/** Pins of a board that stay as they are from one circuit to the next. */
export function heldPins({ pins = {} }: CircuitDefinition, board: string): ReadonlySet<number> {
  return new Set(outputPins(pins, board).flatMap(([pin, { hold }]) => (hold === true ? pin : [])));
}

/** Where pins of a board go when it hears nothing. */
export function safePins({ pins = {} }: CircuitDefinition, board: string): ReadonlyMap<number, SafeState> {
  return new Map(
    outputPins(pins, board).flatMap(([pin, { safe }]) => (safe === undefined ? [] : [[pin, safe]])),
  );
}

/** Pins of a board of which each value counts. */
export function orderedPins({ pins = {} }: CircuitDefinition, board: string): number[] {
  return outputPins(pins, board).flatMap(([pin, { ordered }]) => (ordered === true ? pin : []));
}

/** What is said of a board's outputs, by their numbers. */
function outputPins(
  pins: Readonly<Record<string, PinDefinition>>,
  board: string,
): (readonly [pin: number, settings: OutputPin])[] {
  return Object.entries(pins).flatMap(([key, settings]) => {
    const place = parsePin(key);
    const isHere = place.board === undefined || place.board === board;
    return isHere && !("edges" in settings) ? [[Number(place.pin), settings]] : [];
  });
}

/** The schema has seen to it that each has a board. */
function eventPins({ pins = {}, boards = DEFAULT_BOARDS }: CircuitDefinition) {
  const [only = ""] = Object.keys(boards);
  return Object.entries(pins).flatMap(([key, settings]) => {
    const { board = only, pin } = parsePin(key);
    return isEventPin(settings) ? [{ key, board, pin, settings }] : [];
  });
}

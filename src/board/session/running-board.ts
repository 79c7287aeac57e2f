import { PIN_MODE } from "../../firmata/protocol.js";
import { encodeToBoard } from "../../firmata/to-board.js";

/** What a pin is, as the board says. */
export interface PinState {
  readonly pin: number;
  readonly mode: number;
  /** A level, a PWM or servo value, or a tone in whole hertz. */
  readonly value: number;
}

/** Firmata's ports: eight pins each, by number, up to the last that a message can name. */
const PORTS = 16;

/** Modes of outputs that can be held: a tone is no state that anybody would want back. */
const HOLDABLE: ReadonlySet<number> = new Set([PIN_MODE.output, PIN_MODE.pwm, PIN_MODE.servo]);

/** Modes in which a pin is driven. */
const DRIVEN: ReadonlySet<number> = new Set([...HOLDABLE, PIN_MODE.tone]);

/** Those of a board's pins that are outputs and to be held. */
export function heldStates(states: readonly PinState[], held: ReadonlySet<number>): readonly PinState[] {
  return states.filter(({ pin, mode }) => held.has(pin) && HOLDABLE.has(mode));
}

/**
 * Messages that make a board, which was running for somebody else before, as one that has just started, but for pins that
 * are held: other outputs are low, and nothing is reported.
 */
export function freshFrames(states: readonly PinState[], held: readonly PinState[]): Uint8Array[] {
  const kept = new Set(held.map(({ pin }) => pin));
  const levels = new Uint8Array(PORTS);
  for (const { pin, mode, value } of held)
    if (mode === PIN_MODE.output && value) levels[pin >> 3] = (levels[pin >> 3] ?? 0) | (1 << (pin & 7));
  const others = states.filter(({ pin, mode }) => !kept.has(pin) && DRIVEN.has(mode));
  const ports = new Set(states.map(({ pin }) => pin >> 3));
  return [
    ...others
      .filter(({ mode }) => mode !== PIN_MODE.output)
      .map(({ pin }) => encodeToBoard({ type: "pinMode", pin, mode: PIN_MODE.output })),
    ...[...new Set(others.map(({ pin }) => pin >> 3))].map((port) =>
      encodeToBoard({ type: "digitalPort", port, levels: levels[port] ?? 0 }),
    ),
    ...[...ports].map((port) => encodeToBoard({ type: "reportDigital", port, on: false })),
    ...Array.from({ length: PORTS }, (_, channel) =>
      encodeToBoard({ type: "reportAnalog", channel, on: false }),
    ),
  ];
}

/** For a person whose outputs are to be held by a firmware that was not made for it. */
export function describeUnheld(held: ReadonlySet<number>, address: string, firmware: string): string {
  const pins = `pin${held.size > 1 ? "s" : ""} ${[...held].join(", ")}`;
  return `Outputs may drop when ${address} is opened again: ${firmware} does not hold ${pins} (circuit flash writes a firmware that does)`;
}

import { CircuitError } from "../../../core/error.js";
import { nameMode, PIN_MODE } from "../../../firmata/protocol.js";
import type { DigitalWrite, PinRecord } from "../memory/pin-memory.js";

/** How long a board may take to confirm what has reached it, in milliseconds: 400 times its usual 2.3. */
export const CONFIRM_TIMEOUT_MS = 1_000;

/** Modes whose values a board keeps as they were written; of the others only the mode is compared. */
const MODES_WITH_VALUE: ReadonlySet<number> = new Set([
  PIN_MODE.output,
  PIN_MODE.pwm,
  PIN_MODE.servo,
  PIN_MODE.tone,
]);

/** What is wrong with a pin's state, as the board tells it; `undefined` where nothing is. */
export function mismatch(
  { pin, mode, value }: PinRecord,
  actual: { readonly mode: number; readonly value: number },
): CircuitError | undefined {
  const modeDiffers = mode !== undefined && actual.mode !== mode;
  const valueDiffers = mode !== undefined && MODES_WITH_VALUE.has(mode) && actual.value !== value;
  if (!modeDiffers && !valueDiffers) return undefined;
  const wrote = `${nameMode(mode ?? actual.mode)} ${value}`;
  return unconfirmed(pin, wrote, `${nameMode(actual.mode)} ${actual.value}`);
}

/** @param pins Whose answers are missing: ` of pin 13`, or nothing. */
export function unanswered(pins: string): CircuitError {
  return new CircuitError(
    "PIN_UNCONFIRMED",
    `Cannot confirm a write${pins}: the board did not answer within ${CONFIRM_TIMEOUT_MS} ms`,
    { hint: "Check the cable, and that the board still runs its Firmata (a reset loses all pin modes)." },
  );
}

/** The board was told something else before it could be asked. */
export function superseded(): CircuitError {
  return new CircuitError(
    "SUPERSEDED",
    "Cannot confirm a write: the board was away, and came back to what was written later",
    { hint: "Nothing need be done where only the last value matters; otherwise write it again." },
  );
}

/** A pin was told something else before the wire had room for what it was told first. */
export function supersededWaiting(pin: number): CircuitError {
  return new CircuitError(
    "SUPERSEDED",
    `Cannot confirm a write of pin ${pin}: a later one took its place before the wire had room`,
    {
      hint: "Await board.confirm() before the next write, or mark the pin with board.ordered() where each value counts.",
    },
  );
}

/** A bit for each pin that has another level than was written; of those that were told no mode nothing is known. */
function differing({ levels, outputs }: DigitalWrite, echoed: number): number {
  return (levels ^ echoed) & outputs;
}

/** What is wrong with the levels of a write, as an echo tells them; `undefined` where nothing is. */
export function levelMismatch(write: DigitalWrite, echoed: number): CircuitError | undefined {
  const wrong = differing(write, echoed);
  if (wrong === 0) return undefined;
  const bit = 31 - Math.clz32(wrong);
  return unconfirmed(write.port * 8 + bit, `${(write.levels >> bit) & 1}`, `${(echoed >> bit) & 1}`);
}

function unconfirmed(pin: number, wrote: string, found: string): CircuitError {
  return new CircuitError(
    "PIN_UNCONFIRMED",
    `Cannot confirm pin ${pin}: wrote ${wrote}, the board has ${found}`,
    {
      hint: "Check that nothing else drives the board, and that the pin can do what is asked of it.",
    },
  );
}

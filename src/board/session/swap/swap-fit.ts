import { CircuitError } from "../../../core/error.js";
import { PIN_MODE } from "../../../firmata/protocol.js";
import type { Identity } from "../identity.js";
import type { PinMemory } from "../memory/pin-memory.js";
import type { SettingsMemory } from "../memory/settings-memory.js";

/** What a session uses of its board. */
export interface BoardUse {
  readonly memory: PinMemory;
  readonly settings: SettingsMemory;
  /** What the board is. */
  readonly identity: Identity;
  /** Pins that sound tones. */
  readonly tonePins: ReadonlySet<number>;
  /** Pins that are to be held, or to be safe. */
  readonly declared: readonly number[];
}

/** A board that is to take the place of another. */
export interface Candidate {
  readonly address: string;
  readonly identity: Identity;
  /** Whether tones sound on it. */
  readonly hasTones: boolean;
}

const USES: Readonly<Record<number, string>> = {
  [PIN_MODE.input]: "as an input",
  [PIN_MODE.output]: "as an output",
  [PIN_MODE.analog]: "as an analog input",
  [PIN_MODE.pwm]: "for PWM",
  [PIN_MODE.servo]: "for a servo",
  [PIN_MODE.i2c]: "for I2C",
  [PIN_MODE.pullup]: "as an input with a pull-up",
  [PIN_MODE.tone]: "for tones",
};

/**
 * Checks that a board can do all that the present one is used for: each pin in its mode, analog channels on the same pins.
 *
 * @throws {CircuitError} `SWAP_REFUSED`, with what both are.
 */
export function checkFit(use: BoardUse, candidate: Candidate): void {
  const problem = findProblem(use, candidate);
  if (problem === undefined) return;
  const { address, identity } = candidate;
  throw new CircuitError(
    "SWAP_REFUSED",
    `Cannot move to ${address}: ${problem}. It is ${identity}, and the board until now is ${use.identity}`,
    { hint: "Choose a board that has these pins and what they are used for." },
  );
}

function findProblem({ memory, settings, identity, tonePins, declared }: BoardUse, candidate: Candidate) {
  const other = candidate.identity;
  for (const pin of declared)
    if (other.modesOf(pin).length === 0) return `pin ${pin} is to be held or safe, and there is none`;
  for (const { pin, mode: used, isWritten } of memory.pins) {
    if (used === undefined && !isWritten) continue;
    // Without our firmware, the host toggles an output.
    const mode = used === PIN_MODE.tone && !other.isOurs ? PIN_MODE.output : (used ?? PIN_MODE.output);
    const modes = other.modesOf(pin);
    if (modes.length === 0) return `pin ${pin} is used here, and there is none`;
    if (!modes.includes(mode))
      return `pin ${pin} is used ${USES[mode] ?? `in mode ${mode}`}, which it cannot`;
  }
  for (const channel of settings.analogChannels) {
    const pin = identity.pinOfChannel(channel);
    if (other.pinOfChannel(channel) !== pin) return `A${channel} is pin ${pin} here, and not there`;
  }
  if (settings.usesI2c && !other.hasMode(PIN_MODE.i2c)) return "I2C is used, which it has not";
  const [sounding] = tonePins;
  if (sounding !== undefined && !candidate.hasTones)
    return `pin ${sounding} sounds tones, which a board without circuit's firmware cannot over a network`;
  return undefined;
}

import type { Wiring } from "../wiring.js";
import { findPinCurrents, findPortCurrents, findSupplyCurrents } from "./currents.js";
import { findUnfed, findUngrounded } from "./feeds.js";
import type { WiringFinding } from "./finding.js";
import { findFloatingInputs } from "./inputs.js";
import { findLedsBackwards, findLedsWithoutResistor } from "./leds.js";
import { findPwmMissing, findPwmTimer } from "./pwm.js";
import {
  findBridged,
  findButtonLegs,
  findHeldPins,
  findJoinedPins,
  findShorts,
  findUnwired,
} from "./shorts.js";
import { type PinAsk, type Subject, subjectOf } from "./subject.js";
import {
  findAnalogMissing,
  findI2cPins,
  findI2cTaken,
  findPinsNotWired,
  findPinsUsedTwice,
  findSerialPins,
} from "./uses.js";

/** In the order in which their findings are told: what destroys something, what cannot work, what may be meant. */
const RULES: readonly ((subject: Subject) => readonly WiringFinding[])[] = [
  findShorts,
  findHeldPins,
  findJoinedPins,
  findBridged,
  findButtonLegs,
  findLedsWithoutResistor,
  findLedsBackwards,
  findPinCurrents,
  findPortCurrents,
  findUngrounded,
  findUnfed,
  findSupplyCurrents,
  findPinsUsedTwice,
  findSerialPins,
  findI2cPins,
  findI2cTaken,
  findAnalogMissing,
  findPwmMissing,
  findPwmTimer,
  findFloatingInputs,
  findPinsNotWired,
  findUnwired,
];

/**
 * Looks for mistakes in a wiring: what breaks parts or the board, and what cannot work. Nothing is said of parts whose type is
 * not known.
 *
 * @param programs What sketches and pins of a configuration ask of pins.
 */
export function checkWiring(wiring: Wiring, programs: readonly PinAsk[] = []): readonly WiringFinding[] {
  const subject = subjectOf(wiring, programs);
  return RULES.flatMap((rule) => rule(subject));
}

import { listed, type WiringFinding } from "./finding.js";
import { type PinAsk, pinName, type Subject } from "./subject.js";

/** Pins of an Uno with a timer's output (ATmega328P datasheet 1.1: OC0A to OC2B). */
export const PWM_PINS: ReadonlySet<number> = new Set([3, 5, 6, 9, 10, 11]);

/** Those of Timer1, which servos take on either firmware and tones on circuit's own (firmware/README.md). */
const TIMER1_PINS: ReadonlySet<number> = new Set([9, 10]);

/** PWM asked of a pin without a timer's output. */
export function findPwmMissing({ asks }: Subject): readonly WiringFinding[] {
  return asks
    .filter(({ use, pin }) => use === "pwm" && !PWM_PINS.has(pin))
    .map((ask) => ({
      rule: "pwm-missing",
      severity: "error",
      parts: partOf(ask),
      pins: [pinName(ask.pin)],
      text: `${ask.by} asks PWM of pin ${pinName(ask.pin)}, which has none`,
      mend: `Take one of ${listed([...PWM_PINS])}.`,
    }));
}

/** PWM asked of pins whose timer a servo or a tone takes. */
export function findPwmTimer({ asks }: Subject): readonly WiringFinding[] {
  const takers = asks.filter(({ use }) => use === "servo" || use === "tone");
  if (takers.length === 0) return [];
  const [taker] = [...takers.filter(({ use }) => use === "servo"), ...takers];
  return asks
    .filter(({ use, pin }) => use === "pwm" && TIMER1_PINS.has(pin))
    .map((ask) => ({
      rule: "pwm-timer",
      severity: "error",
      parts: [...partOf(ask), ...takers.flatMap(partOf)],
      pins: [pinName(ask.pin)],
      text: `${ask.by} asks PWM of pin ${pinName(ask.pin)}, whose Timer1 ${listed(takers.map(({ by }) => by))} needs${
        taker?.use === "servo" ? "" : " on circuit's own firmware"
      }`,
      mend: "Take pin 3, 5, 6 or 11 for the PWM.",
    }));
}

function partOf({ by, from }: PinAsk): readonly string[] {
  return from === "part" ? [by] : [];
}

import type { CircuitDefinition } from "../config/define.js";
import { checkWiring } from "../wiring/check/check.js";
import type { WiringFinding } from "../wiring/check/finding.js";
import type { Wiring } from "../wiring/wiring.js";
import { pinAsksOf } from "./pin-asks.js";

/**
 * What is wrong with a wiring and with what a circuit asks of it. All boards of a circuit are wired alike; what is found of
 * several is told once.
 */
export function checkCircuitWiring(
  wiring: Wiring,
  definition: CircuitDefinition | undefined,
): readonly WiringFinding[] {
  if (definition === undefined) return checkWiring(wiring);
  const all = [...pinAsksOf(definition).values()].flatMap((asks) => checkWiring(wiring, asks));
  return all.filter(({ text }, index) => all.findIndex((other) => other.text === text) === index);
}

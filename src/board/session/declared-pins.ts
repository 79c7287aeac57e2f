import { CircuitError } from "../../core/error.js";
import type { Identity } from "./identity.js";

/**
 * Checks that a board has the pins that it is to hold, or to make safe: our firmware arms nothing where one of them is none.
 *
 * @throws {CircuitError} `PIN_REFUSED` for the first that it has not.
 */
export function checkDeclaredPins(pins: Iterable<number>, identity: Identity, address: string): void {
  for (const pin of pins) {
    if (identity.modesOf(pin).length > 0) continue;
    throw new CircuitError(
      "PIN_REFUSED",
      `Cannot hold pin ${pin} of ${address}, or make it safe: the board has no such pin to use. It is ${identity}`,
      { hint: "Name another pin, or take hold and safe off this one." },
    );
  }
}

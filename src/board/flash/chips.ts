import { CircuitError } from "../../core/error.js";

/** The three signature bytes of chips, as hexadecimal digits (datasheets, "Signature Bytes"). */
const FLASHABLE: Readonly<Record<string, string>> = {
  "1e950f": "ATmega328P",
  "1e9516": "ATmega328PB",
};

/** Chips of other boards: named, so that a person sees which board answers. */
const OTHERS: Readonly<Record<string, string>> = {
  "1e9307": "ATmega8",
  "1e9406": "ATmega168",
  "1e940b": "ATmega168P",
  "1e9514": "ATmega328",
  "1e9587": "ATmega32U4",
  "1e9608": "ATmega640",
  "1e9609": "ATmega644",
  "1e960a": "ATmega644P",
  "1e9703": "ATmega1280",
  "1e9705": "ATmega1284P",
  "1e9801": "ATmega2560",
};

/**
 * The chip with a signature.
 *
 * @throws {CircuitError} `CHIP_REFUSED` for one that is on no Uno or Nano: its memory may be smaller, and its pins elsewhere.
 */
export function chipOf(signature: Uint8Array, address: string): string {
  const digits = Buffer.from(signature).toString("hex");
  const chip = FLASHABLE[digits];
  if (chip !== undefined) return chip;
  const shown = digits.toUpperCase().replace(/..(?=.)/g, "$& ");
  const other = OTHERS[digits];
  throw new CircuitError(
    "CHIP_REFUSED",
    `Cannot flash ${address}: its chip is ${other === undefined ? "another one" : `an ${other}`} (${shown}), not an ATmega328P`,
    { hint: "Flash it with the Arduino IDE; circuit knows the Uno and the Nano with an ATmega328P." },
  );
}

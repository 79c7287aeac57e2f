import { CircuitError } from "../../core/error.js";
import { PIN_MODE } from "../../firmata/protocol.js";
import type { FirmataIo } from "./johnny-five.js";

/**
 * Has firmata-io refuse a pin that the board does not have in words; by itself it throws a `TypeError` about its insides.
 * What is used so throws a `CircuitError`: `PIN_REFUSED`.
 */
export function refuseMissingPins(io: FirmataIo): void {
  const { pinMode, digitalWrite, analogWrite } = io;
  const check = (pin: number) => {
    if (io.pins[pin] === undefined) throw missing(`pin ${pin}`, `its pins are 0 to ${io.pins.length - 1}`);
  };
  io.pinMode = (pin, mode) => {
    // Analog inputs are named by their channels.
    if (mode !== PIN_MODE.analog) check(pin);
    else if (io.analogPins[pin] === undefined)
      throw missing(`A${pin}`, `it has ${io.analogPins.length} analog inputs`);
    pinMode.call(io, pin, mode);
  };
  io.digitalWrite = (pin, level, isQueued) => {
    check(pin);
    digitalWrite.call(io, pin, level, isQueued);
  };
  io.analogWrite = (pin, value) => {
    check(pin);
    analogWrite.call(io, pin, value);
  };
}

function missing(pin: string, what: string): CircuitError {
  return new CircuitError("PIN_REFUSED", `Cannot use ${pin}: the board does not have it, ${what}`, {
    hint: "Name a pin that the board has.",
  });
}

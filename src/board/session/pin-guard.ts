import { COMMAND, SYSEX } from "../../firmata/protocol.js";

/** Pin number of A0 on an Uno. */
const FIRST_ANALOG_PIN = 14;

/** Has each pin checked before the first message that uses it. */
export class PinGuard {
  readonly #checkPin: (pin: number) => void;
  readonly #passed = new Set<number>();

  /** @param checkPin Throws to refuse a pin. */
  constructor(checkPin: (pin: number) => void) {
    this.#checkPin = checkPin;
  }

  /** @throws What `checkPin` throws for a pin that the message begins to use. */
  check(frame: Uint8Array): void {
    const pin = usedPin(frame);
    if (pin === undefined || this.#passed.has(pin)) return;
    this.#checkPin(pin);
    this.#passed.add(pin);
  }
}

/** The pin that a message begins to use, if it does. */
function usedPin(frame: Uint8Array): number | undefined {
  const [first = 0, second = 0, third = 0] = frame;
  if (first === COMMAND.setPinMode) return second;
  if ((first & 0xf0) === COMMAND.reportAnalog && second === 1) return FIRST_ANALOG_PIN + (first & 0x0f);
  const named = first === COMMAND.startSysex && (second === SYSEX.servoConfig || second === SYSEX.tone);
  return named ? third : undefined;
}

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

  /**
   * @param levelsOf Levels of a port as they were last written: a message writes the pins that it changes.
   * @throws What `checkPin` throws for a pin that the message begins to use.
   */
  check(frame: Uint8Array, levelsOf: (port: number) => number): void {
    const [first = 0, second = 0, third = 0] = frame;
    if ((first & 0xf0) === COMMAND.digitalMessage) {
      const port = first & 0x0f;
      this.#checkPort(port, (second | (third << 7)) ^ levelsOf(port));
      return;
    }
    const pin = usedPin(frame);
    if (pin !== undefined) this.#check(pin);
  }

  #checkPort(port: number, changed: number): void {
    for (let bit = 0; changed >> bit !== 0; bit++) if ((changed >> bit) & 1) this.#check(port * 8 + bit);
  }

  #check(pin: number): void {
    if (this.#passed.has(pin)) return;
    this.#checkPin(pin);
    this.#passed.add(pin);
  }
}

/** The pin that a message begins to use, if it does. */
function usedPin(frame: Uint8Array): number | undefined {
  const [first = 0, second = 0, third = 0] = frame;
  if (first === COMMAND.setPinMode || first === COMMAND.setDigitalPin) return second;
  if ((first & 0xf0) === COMMAND.reportAnalog && second === 1) return FIRST_ANALOG_PIN + (first & 0x0f);
  const named = first === COMMAND.startSysex && (second === SYSEX.servoConfig || second === SYSEX.tone);
  return named ? third : undefined;
}

import type { AVRTWI, CPU, TWIEventHandler } from "avr8js";

const TWI_INTERRUPT = {
  address: 0x30,
  flagRegister: 0xbc,
  flagMask: 0x80,
  enableRegister: 0xbc,
  enableMask: 0x01,
} as const;

/** Bits of a byte with its acknowledge. */
const BITS_PER_TWI_BYTE = 9;

/** An I2C bus with nothing on it: every address and byte is refused, each after the time it takes on the wire. */
export class EmptyTwiBus implements TWIEventHandler {
  readonly #cpu: CPU;
  readonly #twi: AVRTWI;
  readonly #clockHz: number;

  constructor(cpu: CPU, twi: AVRTWI, clockHz: number) {
    this.#cpu = cpu;
    this.#twi = twi;
    this.#clockHz = clockHz;
  }

  start(): void {
    this.#after(1, () => this.#twi.completeStart());
  }

  stop(): void {
    this.#after(1, () => {
      this.#twi.completeStop();
      // A stop sets no TWINT (datasheet section 21.9.2); avr8js sets it with every change of status.
      this.#cpu.clearInterrupt(TWI_INTERRUPT);
    });
  }

  connectToSlave(): void {
    this.#after(BITS_PER_TWI_BYTE, () => this.#twi.completeConnect(false));
  }

  writeByte(): void {
    this.#after(BITS_PER_TWI_BYTE, () => this.#twi.completeWrite(false));
  }

  readByte(): void {
    this.#after(BITS_PER_TWI_BYTE, () => this.#twi.completeRead(0xff));
  }

  #after(bits: number, complete: () => void): void {
    this.#cpu.addClockEvent(complete, Math.round((bits * this.#clockHz) / this.#twi.sclFrequency));
  }
}

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

/** What hangs on an I2C bus: devices that take bytes. */
export interface TwiDevices {
  /** Whether a device answers to an address, of seven bits. */
  has(address: number): boolean;
  /** A device has taken a byte, at the end of its acknowledge. */
  wrote(address: number, value: number): void;
}

/**
 * An I2C bus. Addresses of devices that are there are acknowledged, and what is written to them; every other address is
 * refused. What is read is 0xFF, as on a bus that nobody pulls low. Each takes the time that it takes on the wire.
 */
export class TwiBus implements TWIEventHandler {
  readonly #cpu: CPU;
  readonly #twi: AVRTWI;
  readonly #clockHz: number;
  readonly #devices: TwiDevices;
  /** Whom the master writes to; `undefined` where nobody has answered, or it reads. */
  #target: number | undefined;

  constructor(cpu: CPU, twi: AVRTWI, clockHz: number, devices: TwiDevices) {
    this.#cpu = cpu;
    this.#twi = twi;
    this.#clockHz = clockHz;
    this.#devices = devices;
  }

  start(): void {
    this.#after(1, () => this.#twi.completeStart());
  }

  stop(): void {
    this.#target = undefined;
    this.#after(1, () => {
      this.#twi.completeStop();
      // A stop sets no TWINT (datasheet section 21.9.2); avr8js sets it with every change of status.
      this.#cpu.clearInterrupt(TWI_INTERRUPT);
    });
  }

  connectToSlave(address: number, isWrite: boolean): void {
    const isThere = this.#devices.has(address);
    this.#target = isThere && isWrite ? address : undefined;
    this.#after(BITS_PER_TWI_BYTE, () => this.#twi.completeConnect(isThere));
  }

  writeByte(value: number): void {
    const target = this.#target;
    this.#after(BITS_PER_TWI_BYTE, () => {
      if (target !== undefined) this.#devices.wrote(target, value);
      this.#twi.completeWrite(target !== undefined);
    });
  }

  readByte(): void {
    this.#after(BITS_PER_TWI_BYTE, () => this.#twi.completeRead(0xff));
  }

  #after(bits: number, complete: () => void): void {
    this.#cpu.addClockEvent(complete, Math.round((bits * this.#clockHz) / this.#twi.sclFrequency));
  }
}

/** The level of a pin: 0 low, 1 high. */
export type Level = 0 | 1;

/** A change of a pin's level. */
export interface Edge {
  /** D0 to D19, where A0 to A5 are 14 to 19. */
  readonly pin: number;
  /** The level from here on. */
  readonly level: Level;
  /** Microseconds of emulated time since power came on, in sixteenths. */
  readonly atUs: number;
}

/** Pins of an Uno, D0 to D13 and A0 to A5. */
export const PINS = 20;
export const FIRST_ANALOG_PIN = 14;

/** Pins of the I2C bus: A4 and A5. */
export const SDA_PIN = 18;
export const SCL_PIN = 19;

/** Supply and reference voltage of an Uno on USB. */
export const SUPPLY_VOLTS = 5;

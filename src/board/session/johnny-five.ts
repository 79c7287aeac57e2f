import type { EventEmitter } from "node:events";
// Johnny-Five and firmata-io as one file, built by `.config/build.mjs`: as packages of their own they would bring
// an old serialport that is compiled when it is installed.
import { Firmata as BundledFirmata, five } from "#johnny-five";

/** The transport that firmata-io writes to and listens on. */
export interface FirmataTransport extends EventEmitter {
  write(bytes: Uint8Array, written: () => void): void;
}

interface FirmataPin {
  mode?: number;
  /** As it was last written or read here. */
  value?: number;
  /** As the board told when it was last asked. */
  readonly state?: number;
  readonly supportedModes: readonly number[];
}

/** What circuit uses of a firmata-io instance. */
export interface FirmataIo extends EventEmitter {
  readonly MODES: Record<string, number>;
  readonly pins: readonly FirmataPin[];
  /** Pins of the analog channels. */
  readonly analogPins: readonly number[];
  /** Levels of each port's pins as it writes them next, lowest bit first. */
  readonly ports: number[];
  pinMode(pin: number, mode: number): void;
  digitalWrite(pin: number, level: number, isQueued?: boolean): void;
  /** PWM, and servos. */
  analogWrite(pin: number, value: number): void;
  /** Asks for a pin's state, which is in `pins` when it calls back. */
  queryPinState(pin: number, answered: () => void): void;
  /** What Johnny-Five shows as the board's port. Its `name` is left alone: Johnny-Five knows Firmata by it. */
  port?: string;
  /** Timer that asks for the version when the board keeps silent; the session asks for itself. */
  readonly reportVersionTimeoutId: NodeJS.Timeout;
}

type FirmataConstructor = new (
  transport: FirmataTransport,
  options: { reportVersionTimeout: number },
) => FirmataIo;

/** firmata-io's class. The cast: it has no types, and these are what circuit uses of it. */
export const Firmata = BundledFirmata as FirmataConstructor;

/** Johnny-Five itself, as a value and as the namespace of its types. */
export { five };

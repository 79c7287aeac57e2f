import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type * as JohnnyFive from "johnny-five";

/** The transport that firmata-io writes to and listens on. */
export interface FirmataTransport extends EventEmitter {
  write(bytes: Uint8Array, written: () => void): void;
}

/** What circuit uses of a firmata-io instance, which has no types of its own. */
export interface FirmataIo extends EventEmitter {
  readonly MODES: Record<string, number>;
  readonly pins: readonly { mode?: number; value?: number; readonly supportedModes: readonly number[] }[];
  readonly isReady: boolean;
  name: string;
  /** Timer that asks for the version when the board keeps silent; the session asks for itself. */
  readonly reportVersionTimeoutId: NodeJS.Timeout;
}

interface Bundle {
  readonly five: typeof JohnnyFive;
  readonly Firmata: new (transport: FirmataTransport, options: { reportVersionTimeout: number }) => FirmataIo;
}

/**
 * Johnny-Five and firmata-io as one file, built by `.config/build.mjs`: as packages of their own they would
 * bring an old serialport that is compiled when it is installed.
 */
const bundle: Bundle = createRequire(import.meta.url)("../../../vendor/johnny-five.cjs");

/** Johnny-Five itself. */
export const five = bundle.five;
export const Firmata = bundle.Firmata;
export type { JohnnyFive };

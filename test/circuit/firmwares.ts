import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import { attachments } from "../../src/wiring/attachments.js";
import { readWiring } from "../../src/wiring/read.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { FIRMWARE_TOOLS, skipWithout } from "../native/tools.js";

/** The two firmwares that a circuit is proved on. */
export const FIRMWARES: readonly {
  readonly name: string;
  readonly skip: string | false;
  readonly hex: () => Promise<string>;
}[] = [
  { name: "CircuitFirmata", skip: false, hex: async () => CIRCUIT_UNO_HEX },
  { name: "StandardFirmata", skip: skipWithout(...FIRMWARE_TOOLS), hex: standardFirmataHex },
];

const wiringPath = fileURLToPath(new URL("../../../wiring/clock-pin-buzzer.json", import.meta.url));

/**
 * An emulated Uno with the example's wiring, in virtual time, which the caller has installed.
 *
 * @param baud What its line keeps to; without it the session may agree on more.
 */
export function exampleUno(time: VirtualTime, firmware: string, baud?: number): VirtualUno {
  const wiring = readWiring(readFileSync(wiringPath, "utf8"), wiringPath);
  return new VirtualUno({ time, firmware, baud, attachments: attachments(wiring) });
}

import { CircuitError } from "../../core/error.js";
import { FLASH_BYTES, type HexImage } from "./hex.js";
import { hexAddress } from "./stk500.js";

/** Bytes that an image is written and read back by: a page of an ATmega328P (datasheet, section 27.5). */
export const PAGE_BYTES = 128;

/** A rate at which boot loaders are spoken to, and what they keep for themselves at the end of program memory. */
export interface BootRate {
  readonly baud: number;
  readonly bootBytes: number;
}

/**
 * Optiboot's section as the fuses of an Uno have it, 512 bytes from 0x7E00. A Nano's has 2048 with either boot loader, the
 * chip starts there at 0x7800, and an image that reached into it would be started in place of the boot loader (boards.txt
 * of the Arduino core: high fuse DE, DA).
 */
const UNO_BOOT_BYTES = 512;
const NANO_BOOT_BYTES = 2_048;

/**
 * The rates in the order in which they are tried: Optiboot's, then that of a Nano with the boot loader of before 2018.
 *
 * @param isUno Whether the port is known to be an Uno's, and no Nano's.
 */
export function bootRates(isUno: boolean): readonly BootRate[] {
  return [
    { baud: 115_200, bootBytes: isUno ? UNO_BOOT_BYTES : NANO_BOOT_BYTES },
    { baud: 57_600, bootBytes: NANO_BOOT_BYTES },
  ];
}

/**
 * Makes sure that an image leaves the boot loader alone and has a beginning.
 *
 * @throws {CircuitError} `FIRMWARE_INVALID`.
 */
export function checkFit(image: HexImage, source: string, bootBytes: number): void {
  const room = FLASH_BYTES - bootBytes;
  if (image.endByte > room) {
    const isNano = bootBytes === NANO_BOOT_BYTES;
    throw new CircuitError(
      "FIRMWARE_INVALID",
      `Cannot flash ${source}: it reaches to byte ${image.endByte}, and ${room} are free below the boot loader's ${bootBytes}`,
      {
        hint: isNano
          ? "Make the sketch smaller: only an Uno that says so by its USB id is known to have 1536 bytes more."
          : "Make the sketch smaller, and leave out a boot loader if the image has one.",
      },
    );
  }
  if (image.startByte === 0) return;
  throw new CircuitError(
    "FIRMWARE_INVALID",
    `Cannot flash ${source}: it begins at ${hexAddress(image.startByte)}, and the chip starts at 0x0000`,
    { hint: "Give the whole image of a sketch, as the build writes it." },
  );
}

import { parseHex } from "../board/flash/hex.js";
import { readImage } from "../board/flash/image.js";

/**
 * Reads an image for the Uno: a path, the bytes of a .hex file, or the project's own. The words of program memory, as the
 * chip has them; what the file leaves out reads as erased, 0xFFFF.
 *
 * @throws {CircuitError} `FILE_FAILED` or `FIRMWARE_INVALID`.
 */
export function readFirmware(firmware?: string | Uint8Array): Uint16Array {
  const { bytes } =
    firmware instanceof Uint8Array
      ? parseHex(Buffer.from(firmware).toString("latin1"), "the given bytes")
      : readImage(firmware);
  return new Uint16Array(bytes.buffer);
}

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type HexImage, parseHex } from "../board/flash/hex.js";
import { CircuitError } from "../core/error.js";
import { describeFileProblem } from "../core/file-problem.js";

/** The project's own firmware, as it is committed. */
const OWN_FIRMWARE = fileURLToPath(new URL("../../../firmware/circuit-uno.hex", import.meta.url));

/**
 * Reads an image for the Uno: a path, the bytes of a .hex file, or the project's own. The words of program memory, as the
 * chip has them; what the file leaves out reads as erased, 0xFFFF.
 *
 * Synchronous, because virtual time does not wait for files, and because it is one small file.
 *
 * @throws {CircuitError} `FILE_FAILED` or `FIRMWARE_INVALID`.
 */
export function readFirmware(firmware: string | Uint8Array = OWN_FIRMWARE): Uint16Array {
  if (typeof firmware !== "string")
    return wordsOf(parseHex(Buffer.from(firmware).toString("latin1"), "the given bytes"));
  let text: string;
  try {
    text = readFileSync(firmware, "latin1");
  } catch (cause) {
    throw new CircuitError("FILE_FAILED", `Cannot read firmware ${firmware}: ${describeFileProblem(cause)}`, {
      hint: "Give the path of a .hex file built for the Uno.",
      cause,
    });
  }
  return wordsOf(parseHex(text, firmware));
}

function wordsOf({ bytes }: HexImage): Uint16Array {
  return new Uint16Array(bytes.buffer);
}

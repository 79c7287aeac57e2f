import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";
import { type HexImage, parseHex } from "./hex.js";

/** The project's own firmware, as it is committed. */
const OWN_FIRMWARE = fileURLToPath(new URL("../../../../firmware/circuit-uno.hex", import.meta.url));

/**
 * Reads an image for the Uno from a file, by default the project's own.
 *
 * Synchronous, because virtual time does not wait for files, and because it is one small file.
 *
 * @throws {CircuitError} `FILE_FAILED` or `FIRMWARE_INVALID`.
 */
export function readImage(path: string = OWN_FIRMWARE): HexImage {
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch (cause) {
    throw new CircuitError("FILE_FAILED", `Cannot read firmware ${path}: ${describeFileProblem(cause)}`, {
      hint: "Give the path of a .hex file built for the Uno.",
      cause,
    });
  }
  return parseHex(text, path);
}

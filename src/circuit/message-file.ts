import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { CircuitError } from "../core/error.js";
import { describeFileProblem } from "../core/file-problem.js";

/** One byte more than an event can carry: a longer file is refused by what it is sent with, and not read whole. */
const MOST_BYTES = 65_536 + 1;

/**
 * What a file holds, as far as one event can.
 *
 * @throws {CircuitError} `FILE_FAILED`.
 */
export async function readMessageFile(path: string, folder: string): Promise<Uint8Array> {
  try {
    const file = await open(resolve(folder, path));
    try {
      const bytes = Buffer.alloc(MOST_BYTES);
      let length = 0;
      while (length < MOST_BYTES) {
        const { bytesRead } = await file.read(bytes, length, MOST_BYTES - length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new CircuitError("FILE_FAILED", `Cannot send ${path}: ${describeFileProblem(cause)}`, {
      hint: "Give the path of a file that this user may read.",
      cause,
    });
  }
}

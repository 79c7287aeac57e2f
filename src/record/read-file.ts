import { type FileHandle, open } from "node:fs/promises";
import { CircuitError } from "../core/error.js";
import { describeFileProblem } from "../core/file-problem.js";

/** Bytes that are read at once. */
const CHUNK_BYTES = 262_144;

/** A file that is read here and there. What follows later is not seen: it is as long as when it was opened. */
export class ReadFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly bytes: number;

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.bytes = bytes;
  }

  /** @throws {CircuitError} `FILE_FAILED`. */
  static async open(path: string): Promise<ReadFile> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, "r");
      const { size } = await file.stat();
      return new ReadFile(path, file, size);
    } catch (cause) {
      await file?.close();
      throw readFailure(path, describeFileProblem(cause), cause);
    }
  }

  /** Bytes from a place on, fewer only where the file ends. @throws {CircuitError} `FILE_FAILED`. */
  async read(at: number, bytes: number): Promise<Buffer> {
    const wanted = Buffer.alloc(Math.max(0, Math.min(bytes, this.bytes - at)));
    try {
      for (let done = 0; done < wanted.length; ) {
        const { bytesRead } = await this.#file.read(wanted, done, wanted.length - done, at + done);
        if (bytesRead === 0) return wanted.subarray(0, done);
        done += bytesRead;
      }
      return wanted;
    } catch (cause) {
      throw readFailure(this.#path, describeFileProblem(cause), cause);
    }
  }

  /** The bytes from one place to another. @throws {CircuitError} `FILE_FAILED`. */
  async *chunks(from: number, to: number): AsyncGenerator<Buffer, void> {
    for (let at = from; at < to; ) {
      const chunk = await this.read(at, Math.min(CHUNK_BYTES, to - at));
      if (chunk.length === 0) return;
      at += chunk.length;
      yield chunk;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

export function readFailure(path: string, problem: string, cause?: unknown, hint?: string): CircuitError {
  return new CircuitError("FILE_FAILED", `Cannot read ${path}: ${problem}`, {
    cause,
    ...(hint !== undefined && { hint }),
  });
}

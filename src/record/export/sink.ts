import { open } from "node:fs/promises";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";

/** Bytes that are collected before they are written. */
const ENOUGH_BYTES = 65_536;

/** Hands bytes on to where they are kept, and resolves when there is room for more. */
type Pass = (bytes: Uint8Array) => Promise<unknown> | undefined;

/** A file that is written from its beginning to its end, or a stream. */
export class Sink {
  readonly #pass: Pass;
  readonly #end: () => Promise<void>;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(pass: Pass, end: () => Promise<void> = async () => {}) {
    this.#pass = pass;
    this.#end = end;
  }

  /** Opens a file; one that is there is overwritten. @throws {CircuitError} `FILE_FAILED`, here and later. */
  static async open(path: string): Promise<Sink> {
    const failed = (cause: unknown): never => {
      throw new CircuitError("FILE_FAILED", `Cannot write ${path}: ${describeFileProblem(cause)}`, {
        hint: "Give a path that this user may write.",
        cause,
      });
    };
    const file = await open(path, "w").catch(failed);
    return new Sink(
      (bytes) => file.writeFile(bytes).catch(failed),
      () => file.close(),
    );
  }

  readonly write = (chunk: string | Uint8Array): void => {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
  };

  /** Writes what there is, where that is much. @returns What is to be waited for before more comes. */
  room(): Promise<unknown> | undefined {
    return this.#bytes < ENOUGH_BYTES ? undefined : this.#flush();
  }

  /** Writes what is left, and closes the file. */
  async end(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#end();
    }
  }

  /** Closes the file as it is. */
  close(): Promise<void> {
    return this.#end();
  }

  #flush(): Promise<unknown> | undefined {
    if (this.#bytes === 0) return undefined;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    return this.#pass(bytes);
  }
}

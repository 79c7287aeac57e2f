import { type FileHandle, open } from "node:fs/promises";
import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { describeFileProblem } from "../core/file-problem.js";
import { RecordingEncoder } from "./encoder.js";
import type { Entry } from "./entry.js";
import type { RecordingHeader } from "./header.js";

/** What a process that is killed loses of its recording, at most. */
const FLUSH_MS = 100;

/** So many bytes are written at once, without waiting for that. */
const FLUSH_BYTES = 65_536;

/**
 * Bytes that wait for a disk that is slow. A board fills them in an hour, a mesh at its busiest in a second: that is
 * no disk to record on.
 */
const MOST_WAITING_BYTES = 16_777_216;

/** What went over a mesh is nobody else's to read: greetings may carry tokens. */
const FOR_THIS_USER = 0o600;

export interface RecordingWriterOptions {
  readonly clock?: Clock;
  /** Whether it takes the place of a file that is there, which is refused otherwise. */
  readonly replaces?: boolean;
  /** Told once, with `FILE_FAILED`, that the recording has stopped: the disk is full, too slow or gone. */
  readonly failed?: (problem: CircuitError) => void;
}

/**
 * Writes a recording, behind what it records: a failure stops it, and nobody else.
 *
 * What was added is in the file, for whoever reads it after this process was killed, 100 ms later.
 */
export class RecordingWriter {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #clock: Clock;
  readonly #encoder: RecordingEncoder;
  readonly #failed: (problem: CircuitError) => void;
  #cancelFlush: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #problem: CircuitError | undefined;

  private constructor(
    path: string,
    file: FileHandle,
    header: RecordingHeader,
    { clock = systemClock, failed = () => {} }: RecordingWriterOptions,
  ) {
    this.path = path;
    this.#file = file;
    this.#clock = clock;
    this.#failed = failed;
    this.#encoder = new RecordingEncoder(header);
  }

  /**
   * Makes the file, with its header.
   *
   * @throws {CircuitError} `FILE_FAILED`, also where there is such a file, unless it `replaces` that.
   */
  static async create(
    path: string,
    header: RecordingHeader,
    options: RecordingWriterOptions = {},
  ): Promise<RecordingWriter> {
    let file: FileHandle;
    try {
      file = await open(path, options.replaces ? "w" : "wx", FOR_THIS_USER);
    } catch (cause) {
      throw recordFailure(path, cause);
    }
    const writer = new RecordingWriter(path, file, header, options);
    await writer.#flush();
    if (writer.#problem === undefined) return writer;
    await writer.close();
    throw writer.#problem;
  }

  /** Why it has stopped before it was closed. */
  get problem(): CircuitError | undefined {
    return this.#problem;
  }

  /** Adds what happened, and returns at once. After it has stopped or was closed: nothing. */
  add(entry: Entry): void {
    if (this.#problem !== undefined || this.#closing !== undefined) return;
    try {
      this.#encoder.add(entry);
    } catch (cause) {
      this.#fail(cause); // a payload that has no JSON any more
    }
    const { waitingBytes } = this.#encoder;
    if (waitingBytes >= FLUSH_BYTES) void this.#flush();
    else this.#flushSoon();
    if (waitingBytes > MOST_WAITING_BYTES)
      this.#fail(new Error(`its disk is too slow, ${waitingBytes} bytes wait for it`));
  }

  /** Adds the index, and closes the file once all is written. Never rejects: see `problem`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#problem === undefined) this.#encoder.end();
    do await this.#flush();
    while (this.#problem === undefined && this.#encoder.waitingBytes > 0);
    try {
      await this.#file.close();
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#encoder.waitingBytes > 0) this.#flushSoon();
    });
    return this.#writing;
  }

  #flushSoon(): void {
    if (this.#problem === undefined)
      this.#cancelFlush ??= this.#clock.after(FLUSH_MS, () => void this.#flush());
  }

  async #write(): Promise<void> {
    if (this.#problem !== undefined) return;
    try {
      do {
        const bytes = this.#encoder.take();
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await this.#file.write(bytes, done);
          done += bytesWritten;
        }
      } while (this.#problem === undefined && this.#encoder.waitingBytes >= FLUSH_BYTES);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #fail(cause: unknown): void {
    if (this.#problem !== undefined) return;
    this.#cancelFlush?.();
    this.#problem = recordFailure(this.path, cause);
    this.#encoder.take(); // their memory is the circuit's again
    this.#failed(this.#problem);
  }
}

function recordFailure(path: string, cause: unknown): CircuitError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const isThere = code === "EEXIST";
  const problem = isThere ? "there is such a file already" : describeFileProblem(cause);
  return new CircuitError("FILE_FAILED", `Cannot record to ${path}: ${problem}`, {
    hint: isThere ? "Name another file, or delete this one." : "Name a file on another disk.",
    cause,
  });
}

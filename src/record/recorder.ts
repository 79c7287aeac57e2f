import { type Clock, systemClock } from "../core/clock.js";
import type { CircuitError } from "../core/error.js";
import type { Entry } from "./entry.js";
import type { RecordingHeader } from "./header.js";
import type { Journal } from "./journal.js";
import { RecordingWriter, type RecordingWriterOptions } from "./recording-writer.js";

/** A recording that goes on: what happens is handed to it, with the time since it began. */
export class Recorder implements Journal {
  readonly #writer: RecordingWriter;
  readonly #clock: Clock;
  readonly #startMs: number;
  #messages = 0;

  private constructor(writer: RecordingWriter, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /** Begins a recording in a new file. @throws {CircuitError} `FILE_FAILED`. */
  static async begin(
    path: string,
    header: RecordingHeader,
    options: RecordingWriterOptions = {},
  ): Promise<Recorder> {
    const writer = await RecordingWriter.create(path, header, options);
    return new Recorder(writer, options.clock ?? systemClock);
  }

  get path(): string {
    return this.#writer.path;
  }

  /** Milliseconds since it began. */
  get nowMs(): number {
    return this.#clock.now() - this.#startMs;
  }

  /** Why it has stopped before it was closed. */
  get problem(): CircuitError | undefined {
    return this.#writer.problem;
  }

  /** A number for the next message. */
  nextMessage(): number {
    return ++this.#messages;
  }

  /** See `RecordingWriter`, also for what follows. */
  add(entry: Entry): void {
    this.#writer.add(entry);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}

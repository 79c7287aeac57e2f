import { RecordingDecoder } from "./decoder.js";
import type { Entry } from "./entry.js";
import { MAGIC, RECORD, VERSION_AT } from "./format.js";
import { parseHeader, type RecordingHeader } from "./header.js";
import { type Layout, readIndex, scan } from "./layout.js";
import { findMark } from "./marks.js";
import { ReadFile, readFailure } from "./read-file.js";
import { BrokenRecord } from "./record-reader.js";
import { RecordSplitter } from "./record-splitter.js";

const NS_PER_MS = 1e6;

export interface EntriesOptions {
  /** Leaves out what was before, in milliseconds since the recording began. */
  readonly fromMs?: number;
}

/** A recording that is read, also one that was cut off: then what is whole of it. */
export interface Recording {
  readonly header: RecordingHeader;
  /** Whether it was closed, and not cut off. */
  readonly isWhole: boolean;
  /** The latest time of its entries, in milliseconds. */
  readonly durationMs: number;

  /**
   * Its entries, in the order in which they were recorded. May be called any number of times, also at the same time.
   *
   * The iteration throws {CircuitError} `FILE_FAILED` where a whole recording was damaged, or the file cannot be read.
   */
  entries(options?: EntriesOptions): AsyncIterable<Entry>;

  /** Closes the file; iterations that have not ended fail. */
  close(): Promise<void>;
}

/**
 * Opens a recording. One that was cut off is gone through once, to see what is left of it.
 *
 * @throws {CircuitError} `FILE_FAILED` where it cannot be read, or is no recording.
 */
export async function openRecording(path: string): Promise<Recording> {
  const file = await ReadFile.open(path);
  try {
    await checkMagic(path, file);
    const { header, endAt } = await readHeader(path, file);
    return new OpenRecording(path, file, header, (await readIndex(file, endAt)) ?? (await scan(file, endAt)));
  } catch (problem) {
    await file.close();
    throw problem;
  }
}

class OpenRecording implements Recording {
  readonly header: RecordingHeader;
  readonly #path: string;
  readonly #file: ReadFile;
  readonly #layout: Layout;
  #closed: Promise<void> | undefined;

  constructor(path: string, file: ReadFile, header: RecordingHeader, layout: Layout) {
    this.#path = path;
    this.#file = file;
    this.header = header;
    this.#layout = layout;
  }

  get isWhole(): boolean {
    return this.#layout.isWhole;
  }

  get durationMs(): number {
    return this.#layout.latestNs / NS_PER_MS;
  }

  async *entries({ fromMs = Number.NEGATIVE_INFINITY }: EntriesOptions = {}): AsyncGenerator<Entry, void> {
    const { marks, names, startAt, endAt } = this.#layout;
    const mark = findMark(marks, fromMs * NS_PER_MS);
    const at = mark?.at ?? startAt;
    const decoder = new RecordingDecoder({ at, names });
    for await (const chunk of this.#file.chunks(at, endAt)) {
      decoder.push(chunk);
      for (let entry = this.#next(decoder); entry; entry = this.#next(decoder))
        if (entry.atMs >= fromMs) yield entry;
    }
    if (decoder.at < endAt) throw this.#damaged(decoder.at, "it ends too early");
  }

  close(): Promise<void> {
    this.#closed ??= this.#file.close();
    return this.#closed;
  }

  #next(decoder: RecordingDecoder): Entry | undefined {
    const { at } = decoder;
    try {
      return decoder.next();
    } catch (problem) {
      throw problem instanceof BrokenRecord ? this.#damaged(at, problem.message) : problem;
    }
  }

  #damaged(at: number, problem: string): Error {
    return readFailure(this.#path, `its record at byte ${at} is damaged: ${problem}`);
  }
}

/** What is not a recording, even one that was cut off in its first bytes, is refused. */
async function checkMagic(path: string, file: ReadFile): Promise<void> {
  const first = await file.read(0, MAGIC.length);
  const isOurs = first.subarray(0, VERSION_AT).equals(MAGIC.subarray(0, Math.min(VERSION_AT, first.length)));
  if (!isOurs)
    throw readFailure(path, "it is no recording", undefined, "Name a file that --record has made.");
  const [version, known] = [first[VERSION_AT], MAGIC[VERSION_AT]];
  if (version === undefined || version === known) return;
  const problem = `it is a recording of format ${version}, and format ${known} is read here`;
  throw readFailure(path, problem, undefined, "Read it with the circuit that has recorded it.");
}

async function readHeader(
  path: string,
  file: ReadFile,
): Promise<{ readonly header: RecordingHeader; readonly endAt: number }> {
  const splitter = new RecordSplitter(MAGIC.length);
  try {
    for await (const chunk of file.chunks(MAGIC.length, file.bytes)) {
      splitter.push(chunk);
      const found = splitter.next();
      if (!found) continue;
      if (found.type !== RECORD.header) throw new BrokenRecord("it has none");
      return { header: parseHeader(found.body.lastText()), endAt: splitter.at };
    }
  } catch (problem) {
    if (!(problem instanceof BrokenRecord)) throw problem;
    throw readFailure(path, `its header is damaged: ${problem.message}`, problem);
  }
  // Cut off within it.
  return { header: {}, endAt: file.bytes };
}

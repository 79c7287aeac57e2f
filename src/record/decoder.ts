import { decodeEntry } from "./decode-entry.js";
import type { Entry } from "./entry.js";
import { RECORD } from "./format.js";
import { ReadNames } from "./names.js";
import type { RecordReader } from "./record-reader.js";
import { RecordSplitter } from "./record-splitter.js";

const NS_PER_MS = 1e6;

export interface DecoderOptions {
  /** Where in the file its first byte is: behind the header, or at a mark. */
  readonly at: number;
  /** All names of the recording, to begin at a mark. */
  readonly names?: readonly string[];
  /** Told each mark, where it is. */
  readonly mark?: (at: number) => void;
}

/** Takes a recording's bytes behind its header, in pieces of any size, and gives its entries. */
export class RecordingDecoder {
  readonly #splitter: RecordSplitter;
  readonly #options: DecoderOptions;
  #names = new ReadNames();
  #nowNs = 0;
  #isAtStart = true;
  #indexAt: number | undefined;

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#splitter = new RecordSplitter(options.at);
  }

  /** Where in the file the next record begins; after the index, where that does. */
  get at(): number {
    return this.#indexAt ?? this.#splitter.at;
  }

  /** The names that were met. */
  get names(): readonly string[] {
    return this.#names.all;
  }

  push(chunk: Buffer): void {
    this.#splitter.push(chunk);
  }

  /**
   * The next entry; `undefined` where more bytes are needed, and for ever after the index.
   *
   * @throws {BrokenRecord} Where there is none.
   */
  next(): Entry | undefined {
    while (this.#indexAt === undefined) {
      const { at } = this.#splitter;
      const found = this.#splitter.next();
      if (!found) return undefined;
      const { type, body } = found;
      if (type === RECORD.index) this.#indexAt = at;
      else if (type === RECORD.mark) this.#mark(at, body);
      else return this.#entry(type, body);
    }
    return undefined;
  }

  #entry(type: number, body: RecordReader): Entry {
    this.#isAtStart = false;
    this.#nowNs += body.signed();
    return decodeEntry(type, this.#nowNs / NS_PER_MS, body, this.#names);
  }

  #mark(at: number, body: RecordReader): void {
    this.#nowNs = body.signed();
    // The latest time, for those who look for a mark in a file that has no index.
    body.number();
    const known = body.number();
    body.finish();
    if (this.#isAtStart) this.#names = new ReadNames(this.#options.names?.slice(0, known));
    this.#isAtStart = false;
    this.#options.mark?.(at);
  }
}

import { checksum } from "./checksum.js";
import { CHECKSUM_BYTES, MOST_RECORD_BYTES } from "./format.js";
import { BrokenRecord, RecordReader } from "./record-reader.js";

/** More bytes than this a record's length does not take. */
const MOST_LENGTH_BYTES = 4;

/** A record as it was found in its file. */
export interface FoundRecord {
  readonly type: number;
  /** What follows the type. */
  readonly body: RecordReader;
}

/** Takes a recording's bytes in pieces of any size, and gives its records. */
export class RecordSplitter {
  #bytes: Buffer = Buffer.alloc(0);
  #next = 0;
  #startAt: number;

  /** @param at Where in the file the first byte is. */
  constructor(at: number) {
    this.#startAt = at;
  }

  /** Where in the file the next record begins. */
  get at(): number {
    return this.#startAt + this.#next;
  }

  push(chunk: Buffer): void {
    const rest = this.#bytes.subarray(this.#next);
    this.#startAt += this.#next;
    this.#next = 0;
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  }

  /**
   * The next record; `undefined` where more bytes are needed.
   *
   * @throws {BrokenRecord} Where there is none.
   */
  next(): FoundRecord | undefined {
    const length = this.#length();
    if (length === undefined) return undefined;
    const { value, end: from } = length;
    const to = from + value;
    if (to + CHECKSUM_BYTES > this.#bytes.length) return undefined;
    if (checksum(this.#bytes, from, to) !== this.#bytes.readUInt32LE(to))
      throw new BrokenRecord("its checksum is another");
    this.#next = to + CHECKSUM_BYTES;
    return { type: this.#bytes[from] ?? 0, body: new RecordReader(this.#bytes, from + 1, to) };
  }

  #length(): { readonly value: number; readonly end: number } | undefined {
    let value = 0;
    for (let count = 0; count < MOST_LENGTH_BYTES; count++) {
      const at = this.#next + count;
      if (at >= this.#bytes.length) return undefined;
      const byte = this.#bytes[at] ?? 0;
      value |= (byte & 0x7f) << (7 * count);
      if (byte >= 0x80) continue;
      if (value === 0 || value > MOST_RECORD_BYTES) break;
      return { value, end: at + 1 };
    }
    throw new BrokenRecord("its length is none");
  }
}

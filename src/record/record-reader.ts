/** Says that bytes are no record: they were cut off, damaged, or never were one. */
export class BrokenRecord extends Error {}

/** A safe integer's LEB128 has no more bytes than this. */
const MOST_NUMBER_BYTES = 8;

/** Reads one record's body, from its beginning to its end. @throws {BrokenRecord} Where it ends too early. */
export class RecordReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  byte(): number {
    if (this.#at >= this.#end) throw new BrokenRecord("it ends too early");
    return this.#bytes[this.#at++] ?? 0;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < MOST_NUMBER_BYTES; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new BrokenRecord("a number has no end");
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    return this.#text(this.number());
  }

  lastText(): string {
    return this.#text(this.#end - this.#at);
  }

  /** The bytes that are left; they are the caller's. */
  lastBytes(): Uint8Array {
    const bytes = new Uint8Array(this.#bytes.subarray(this.#at, this.#end));
    this.#at = this.#end;
    return bytes;
  }

  /** @throws {BrokenRecord} Where something is left. */
  finish(): void {
    if (this.#at < this.#end) throw new BrokenRecord(`${this.#end - this.#at} bytes are left of it`);
  }

  #text(bytes: number): string {
    const end = this.#at + bytes;
    if (end > this.#end) throw new BrokenRecord("a text ends too early");
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end;
    return text;
  }
}

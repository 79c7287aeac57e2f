import { checksum } from "./checksum.js";
import { CHECKSUM_BYTES } from "./format.js";

/** Room to begin with, in bytes: what is written at once. */
const FIRST_ROOM_BYTES = 65_536;

/** The longest LEB128 of a safe integer, in bytes. */
const MOST_NUMBER_BYTES = 8;

/** UTF-8 of one UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3;

/** Puts records together, one behind the other: `begin()`, what the body holds, `end()`. */
export class RecordWriter {
  #buffer = Buffer.allocUnsafe(FIRST_ROOM_BYTES);
  #length = 0;
  #bodyAt = 0;

  /** Bytes that nobody has taken yet. */
  get length(): number {
    return this.#length;
  }

  /** Takes what is there. The bytes are the caller's. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = Buffer.allocUnsafe(FIRST_ROOM_BYTES);
    this.#length = 0;
    return bytes;
  }

  begin(type: number): void {
    this.#reserve(2);
    // Most bodies are short: one byte for the length, until it is known.
    this.#bodyAt = this.#length + 1;
    this.#length = this.#bodyAt;
    this.#buffer[this.#length++] = type;
  }

  end(): void {
    const bodyBytes = this.#length - this.#bodyAt;
    const sum = checksum(this.#buffer, this.#bodyAt, this.#length);
    this.#reserve(MOST_NUMBER_BYTES + CHECKSUM_BYTES);
    const lengthBytes = bytesOf(bodyBytes);
    const end = this.#length + lengthBytes - 1;
    if (lengthBytes > 1) this.#buffer.copyWithin(this.#bodyAt + lengthBytes - 1, this.#bodyAt, this.#length);
    this.#length = this.#bodyAt - 1;
    this.#put(bodyBytes);
    this.#length = this.#buffer.writeUInt32LE(sum, end);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** A whole number from 0 on. */
  number(value: number): void {
    this.#reserve(MOST_NUMBER_BYTES);
    this.#put(value);
  }

  /** A whole number of either sign: 0, −1, 1, −2 … are 0, 1, 2, 3. */
  signed(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A text with its length. */
  text(text: string): void {
    this.#reserve(MOST_NUMBER_BYTES + text.length * BYTES_PER_UNIT);
    this.#put(Buffer.byteLength(text));
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** A text that ends its record. */
  lastText(text: string): void {
    this.#reserve(text.length * BYTES_PER_UNIT);
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #put(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** How long a number's LEB128 is. */
function bytesOf(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

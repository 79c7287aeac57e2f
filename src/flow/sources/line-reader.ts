import { CircuitError } from "../../core/error.js";

/** A mebibyte: what is longer is no line, but a file of another kind. */
const MOST_LINE_BYTES = 1_048_576;

const NEWLINE = 0x0a;

/** Cuts bytes into lines of UTF-8, at `\n` or `\r\n`. */
export class LineReader {
  readonly #name: string;
  readonly #mostLineBytes: number;
  #pieces: Buffer[] = [];
  #pendingBytes = 0;
  #position = 0;

  /** @param name What is read, for its errors. */
  constructor(name: string, mostLineBytes = MOST_LINE_BYTES) {
    this.#name = name;
    this.#mostLineBytes = mostLineBytes;
  }

  /** How many bytes of the file have been taken. */
  get position(): number {
    return this.#position;
  }

  /** Leaves out all before a place. */
  skipTo(position: number): void {
    this.#position = position;
  }

  /** Begins again with another text. */
  restart(): void {
    this.#forget();
    this.#position = 0;
  }

  /**
   * Yields the lines that these bytes end. They are copied where they end none.
   *
   * @throws {CircuitError} `FILE_FAILED` for a line over the limit.
   */
  *take(bytes: Buffer): Generator<string, void> {
    let start = 0;
    this.#position += bytes.length;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      this.#add(bytes.subarray(start, end));
      start = end + 1;
      yield this.#finish();
    }
    if (start < bytes.length) this.#add(Buffer.from(bytes.subarray(start)));
  }

  /** Yields what came after the last end of a line, where there is anything. */
  *rest(): Generator<string, void> {
    if (this.#pendingBytes > 0) yield this.#finish();
  }

  /** Hands back the bytes that were to be a line. */
  takeBack(): Buffer {
    const bytes = Buffer.concat(this.#pieces);
    this.#forget();
    return bytes;
  }

  #add(piece: Buffer): void {
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes > this.#mostLineBytes) {
      const problem = `a line has ${this.#pendingBytes} bytes or more, and ${this.#mostLineBytes} are the limit`;
      throw new CircuitError("FILE_FAILED", `Cannot read the lines of ${this.#name}: ${problem}`, {
        hint: "Set mostLineBytes, or cut the text into lines.",
      });
    }
    this.#pieces.push(piece);
  }

  #finish(): string {
    const [only] = this.#pieces;
    const line = (this.#pieces.length === 1 && only ? only : Buffer.concat(this.#pieces)).toString("utf8");
    this.#forget();
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  #forget(): void {
    this.#pieces = [];
    this.#pendingBytes = 0;
  }
}

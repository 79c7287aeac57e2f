/** Ten bits a byte: a start and a stop bit beside the eight. */
const BITS_PER_BYTE = 10;

const MS_PER_SECOND = 1_000;

/** When bytes that were handed to a serial line at once have arrived, one after the other. */
export class WireClock {
  #byteMs = 0;
  #freeMs = 0;

  /** The line has this speed from now on, in bits a second; 0 where nothing limits it. */
  setBaud(baud: number): void {
    this.#byteMs = baud > 0 ? (BITS_PER_BYTE * MS_PER_SECOND) / baud : 0;
  }

  /** Bytes are handed over. @returns When so many of them have arrived. */
  push(bytes: number, atMs: number): (count: number) => number {
    const startMs = Math.max(atMs, this.#freeMs);
    const byteMs = this.#byteMs;
    this.#freeMs = startMs + bytes * byteMs;
    return (count) => startMs + count * byteMs;
  }

  /** The line is another: nothing is on it. */
  clear(): void {
    this.#freeMs = 0;
  }
}

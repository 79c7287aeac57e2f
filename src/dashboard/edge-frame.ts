/**
 * Edges of one board as a binary frame: the board's number (a byte), three bytes of nothing, the time of the first edge in
 * milliseconds (a double), then a word of 32 bits for each edge, all little endian: level (1 bit), pin (6 bits), and time
 * since the first in sixteenths of a microsecond (25 bits, 2.1 s), the tick of an Uno's clock.
 */

export interface FramedEdge {
  readonly atMs: number;
  readonly pin: number;
  readonly level: 0 | 1;
}

const HEAD_BYTES = 12;
const TICKS_PER_MS = 16_000;
const TIME_BITS = 25;

/** Milliseconds that one frame can span. */
export const FRAME_SPAN_MS = (2 ** TIME_BITS - 1) / TICKS_PER_MS;

/** Pins that a frame can name. */
export const FRAME_PINS = 64;

/** Gathers the edges of one board until they are sent. */
export class EdgeFrame {
  readonly #board: number;
  #words = new Uint32Array(1_024);
  #count = 0;
  #startMs = 0;

  constructor(board: number) {
    this.#board = board;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Whether an edge fits after those that are there. */
  takes({ atMs, pin }: FramedEdge): boolean {
    return (
      pin < FRAME_PINS &&
      (this.#count === 0 || (atMs >= this.#startMs && atMs - this.#startMs <= FRAME_SPAN_MS))
    );
  }

  /** Adds an edge that it takes. */
  add({ atMs, pin, level }: FramedEdge): void {
    if (this.#count === 0) this.#startMs = atMs;
    if (this.#count === this.#words.length) {
      const more = new Uint32Array(this.#words.length * 2);
      more.set(this.#words);
      this.#words = more;
    }
    const ticks = Math.round((atMs - this.#startMs) * TICKS_PER_MS);
    this.#words[this.#count++] = ((level << 31) | (pin << TIME_BITS) | ticks) >>> 0;
  }

  /** The frame; it is empty afterwards. */
  take(): Uint8Array {
    const frame = new DataView(new ArrayBuffer(HEAD_BYTES + this.#count * 4));
    frame.setUint8(0, this.#board);
    frame.setFloat64(4, this.#startMs, true);
    for (let index = 0; index < this.#count; index++)
      frame.setUint32(HEAD_BYTES + index * 4, this.#words[index] ?? 0, true);
    this.#count = 0;
    return new Uint8Array(frame.buffer);
  }
}

/** Calls back with each edge of a frame, in order. */
export function readEdgeFrame(
  bytes: ArrayBuffer,
  edge: (board: number, atMs: number, pin: number, level: 0 | 1) => void,
): void {
  const frame = new DataView(bytes);
  const board = frame.getUint8(0);
  const startMs = frame.getFloat64(4, true);
  for (let at = HEAD_BYTES; at + 4 <= frame.byteLength; at += 4) {
    const word = frame.getUint32(at, true);
    const ticks = word & (2 ** TIME_BITS - 1);
    edge(
      board,
      startMs + ticks / TICKS_PER_MS,
      (word >>> TIME_BITS) & (FRAME_PINS - 1),
      word >>> 31 === 1 ? 1 : 0,
    );
  }
}

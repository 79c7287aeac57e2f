import { COMMAND } from "./protocol.js";

/** Which way a stream of bytes flows: the same first byte can have another length each way. */
export type Direction = "toBoard" | "toHost";

/**
 * Longest system-exclusive message that is kept, in bytes.
 *
 * The longest real one is a capability response: 70 pins of a Mega with some 8 modes of 2 bytes are 1 200.
 */
export const MAX_SYSEX_BYTES = 4_096;

export interface FrameSplitterOptions {
  /** Takes each whole message; the array may share memory with what was pushed. */
  readonly frame: (frame: Uint8Array) => void;
  /** Takes bytes that belong to no message, as they are thrown away. */
  readonly discard?: (bytes: Uint8Array) => void;
}

/**
 * Cuts a stream of bytes, in pieces of any size, into whole Firmata messages.
 *
 * A message that is broken off by another command is thrown away and reported, and so are bytes that no
 * command announced: the stream is in step again with the next command.
 */
export class FrameSplitter {
  readonly #direction: Direction;
  readonly #frame: (frame: Uint8Array) => void;
  readonly #discard: (bytes: Uint8Array) => void;
  #partial: Uint8Array = EMPTY;

  constructor(direction: Direction, { frame, discard = () => {} }: FrameSplitterOptions) {
    this.#direction = direction;
    this.#frame = frame;
    this.#discard = discard;
  }

  push(chunk: Uint8Array): void {
    const bytes = this.#partial.length === 0 ? chunk : concat(this.#partial, chunk);
    this.#partial = EMPTY;
    let at = 0;
    while (at < bytes.length) {
      const end = endOfFrame(bytes, at, this.#direction);
      if (end === INCOMPLETE) {
        this.#keep(bytes.subarray(at));
        return;
      }
      if (end > 0) {
        this.#frame(bytes.subarray(at, end));
        at = end;
      } else {
        this.#discard(bytes.subarray(at, -end));
        at = -end;
      }
    }
  }

  #keep(rest: Uint8Array): void {
    if (rest.length > MAX_SYSEX_BYTES) this.#discard(rest);
    else this.#partial = rest;
  }
}

const EMPTY = new Uint8Array(0);
const INCOMPLETE = 0;

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Where the message at `at` ends; negative: where what is no message ends; `INCOMPLETE`: not here yet. */
function endOfFrame(bytes: Uint8Array, at: number, direction: Direction): number {
  const first = bytes[at] ?? 0;
  if (first === COMMAND.startSysex) return endOfSysex(bytes, at);
  const length = LENGTHS[direction][first] ?? 0;
  if (length === 0) return -nextCommand(bytes, at + 1);
  for (let index = at + 1; index < at + length; index++) {
    const byte = bytes[index];
    if (byte === undefined) return INCOMPLETE;
    if (byte >= 0x80) return -index;
  }
  return at + length;
}

function endOfSysex(bytes: Uint8Array, at: number): number {
  const end = nextCommand(bytes, at + 1);
  if (end === bytes.length) return INCOMPLETE;
  if (bytes[end] !== COMMAND.endSysex) return -end;
  // One with nothing inside, not even which it is, is no message.
  return end === at + 1 ? -(end + 1) : end + 1;
}

/** Index of the next byte that is no data, or the end. */
function nextCommand(bytes: Uint8Array, from: number): number {
  let index = from;
  while (index < bytes.length && (bytes[index] ?? 0) < 0x80) index++;
  return index;
}

/** Length of a message by its first byte, 0 where that begins none. */
const LENGTHS: Record<Direction, Uint8Array> = {
  toBoard: lengths([
    [COMMAND.digitalMessage, 16, 3],
    [COMMAND.reportAnalog, 16, 2],
    [COMMAND.reportDigital, 16, 2],
    [COMMAND.analogMessage, 16, 3],
    [COMMAND.setPinMode, 1, 3],
    [COMMAND.setDigitalPin, 1, 3],
    [COMMAND.reportVersion, 1, 1],
    [COMMAND.systemReset, 1, 1],
  ]),
  toHost: lengths([
    [COMMAND.digitalMessage, 16, 3],
    [COMMAND.echo, 16, 3],
    [COMMAND.analogMessage, 16, 3],
    [COMMAND.reportVersion, 1, 3],
  ]),
};

function lengths(rows: readonly (readonly [first: number, count: number, length: number])[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [first, count, length] of rows) table.fill(length, first, first + count);
  return table;
}

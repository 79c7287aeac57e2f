import { CircuitError } from "../core/error.js";
import { isTooDeep, jsonOf, type Payload } from "../mesh/payload.js";

/** Longest line, in bytes: what one event can carry. */
const MOST_BYTES = 65_536;

/** Messages of one kind that are published before the engine is asked whether it has taken them. */
const REPEATS_AT_ONCE = 100;

/** As much is published before that: a quarter of what a link over WebSockets may leave unsent. */
const BATCH_BYTES = 65_536;

/** What an event takes beside its data: a subject of usual length and what is about it, in bytes. */
const AROUND_BYTES = 64;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Makes an event's data of what was given. */
export type ParseMessage = (bytes: Uint8Array, what: string) => Payload;

/** A text as it is; bytes where it is no UTF-8. */
export const parseText: ParseMessage = (bytes) => {
  try {
    return UTF8.decode(bytes);
  } catch {
    return new Uint8Array(bytes);
  }
};

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A JSON value.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export const parseJson: ParseMessage = (bytes, what) => {
  const text = Buffer.from(bytes).toString();
  try {
    // The cast: what JSON.parse() gives is Json, or a text, which is a payload too.
    if (!isTooDeep(text)) return JSON.parse(text) as Payload;
  } catch (cause) {
    throw unreadable(what, "it is no JSON", cause);
  }
  throw unreadable(what, "its arrays and objects are nested too deep");
};

/**
 * The lines of a stream, those of each chunk together, up to 64 KiB: who waits after each batch reads no faster than it is done.
 * A last line without a line break counts, and a carriage return before it does not.
 *
 * @throws {CircuitError} `MESSAGE_INVALID` for a line that no event can carry, after those before it.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  parse: ParseMessage,
): AsyncGenerator<readonly Payload[]> {
  let rest = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of chunks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk);
    let batch: Payload[] = [];
    let batchBytes = 0;
    let problem: unknown;
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      const end = at > from && bytes[at - 1] === RETURN ? at - 1 : at;
      const lineBytes = end - from + AROUND_BYTES;
      if (batch.length > 0 && batchBytes + lineBytes > BATCH_BYTES) {
        yield batch;
        batch = [];
        batchBytes = 0;
      }
      batchBytes += lineBytes;
      try {
        batch.push(parse(bytes.subarray(from, end), `line ${++number}`));
      } catch (error) {
        problem = error;
        break;
      }
      from = at + 1;
    }
    if (batch.length > 0) yield batch;
    if (problem !== undefined) throw problem;
    rest = bytes.subarray(from);
    if (rest.length > MOST_BYTES)
      throw unreadable(`line ${number + 1}`, `it has more than ${MOST_BYTES} bytes`);
  }
  if (rest.length > 0) yield [parse(rest, `line ${number + 1}`)];
}

/** One message, so many times, or for ever. */
export async function* repeated(message: Payload, times: number): AsyncGenerator<readonly Payload[]> {
  const bytes = bytesOf(message) + AROUND_BYTES;
  const atOnce = Math.min(times, REPEATS_AT_ONCE, Math.max(1, Math.floor(BATCH_BYTES / bytes)));
  const all = Array.from({ length: atOnce }, () => message);
  for (let left = times; left > 0; left -= all.length) yield left < all.length ? all.slice(0, left) : all;
}

function bytesOf(message: Payload): number {
  if (message instanceof Uint8Array) return message.length;
  return Buffer.byteLength(typeof message === "string" ? message : jsonOf(message));
}

function unreadable(what: string, problem: string, cause?: unknown): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot send ${what}: ${problem}`, {
    hint: "Leave --json out to send texts, and send what is long in parts.",
    cause,
  });
}
